internal import Foundation

/// The service's contract, as `GET /openapi.yaml` gives it to anyone: the file beside this one, which is
/// Protocols/openapi.yaml too.
package enum OpenAPIDocument {
    /// The document; an error where the installation is damaged.
    package static let bytes = Result {
        Array(try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent("openapi.yaml")))
    }
}
