internal import HTTPTypes
internal import SourceFormats

/// What a CloudEvent in HTTP's binary mode says in header fields, as bytes around its body.
struct BinaryEnvelope: Sendable {
    let start: [UInt8]
    let end = BinaryCloudEvent.end

    /// `nil` where the fields are of no event in binary mode.
    init?(_ fields: HTTPFields) {
        guard let version = HTTPField.Name(BinaryCloudEvent.versionField), fields[version] != nil else { return nil }
        start = BinaryCloudEvent.start(
            fields.filter { $0.name.canonicalName.hasPrefix(BinaryCloudEvent.fieldPrefix) }.map {
                ($0.name.canonicalName, $0.value)
            })
    }
}
