/// The service's contract, as `GET /openapi.yaml` gives it to anyone.
package enum OpenAPIDocument {
    package static var bytes: [UInt8] { Array((text + "\n").utf8) }
}
