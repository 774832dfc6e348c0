internal import GRPCCore
internal import HTTPSupport
internal import SourceFormats

extension RPCError {
    /// Where the Python SDK looks for ``retryInfo(seconds:)``.
    private static let retryInfoField = "google.rpc.retryinfo-bin"
    /// Where others look for it: a `google.rpc.Status` with details.
    private static let detailsField = "grpc-status-details-bin"
    private static let retryInfoType = "type.googleapis.com/google.rpc.RetryInfo"

    /// The problem as a sender over gRPC is told. When to come again is said as OTLP asks for it: without it
    /// RESOURCE_EXHAUSTED isn't repeated.
    init(_ problem: Problem) {
        let code = problem == .unsupportedMessageEncoding ? RPCError.Code.unimplemented : Self.code(problem.status)
        let message = "\(problem.title). \(problem.detail)"
        var metadata: Metadata = [:]
        if problem == .unsupportedMessageEncoding {
            metadata.addString("identity,gzip,zstd", forKey: "grpc-accept-encoding")
        }
        if let seconds = problem.retryAfterSeconds {
            let retryInfo = Self.retryInfo(seconds: seconds)
            var detail = ProtobufMessage()
            detail.text(1, Self.retryInfoType)
            detail.content(2, retryInfo)
            var status = ProtobufMessage()
            status.integer(1, UInt64(code.rawValue))
            status.text(2, message)
            status.content(3, detail.bytes)
            metadata.addBinary(status.bytes, forKey: Self.detailsField)
            metadata.addBinary(retryInfo, forKey: Self.retryInfoField)
        }
        self.init(code: code, message: message, metadata: metadata)
    }

    private static func code(_ status: Int) -> RPCError.Code {
        Status.Code(rawValue: OTLPAnswer.code(status)).flatMap { RPCError.Code($0) } ?? .internalError
    }

    /// `google.rpc.RetryInfo`.
    private static func retryInfo(seconds: Int) -> [UInt8] {
        var delay = ProtobufMessage()
        delay.integer(1, UInt64(seconds))
        var info = ProtobufMessage()
        info.content(1, delay.bytes)
        return info.bytes
    }
}
