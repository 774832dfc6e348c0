internal import CollectorCore
internal import GRPCCore
internal import HTTPSupport
internal import NIOCore
internal import SourceFormats

/// The three Export methods of OTLP/gRPC: answered OK only once what was accepted is durable. Messages are bytes, which
/// the same reader takes as over HTTP.
struct OTLPExport: Sendable {
    let intake: GRPCIntake

    func register<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        for signal in OTLPSignal.allCases {
            router.registerHandler(
                forMethod: MethodDescriptor(
                    fullyQualifiedService: signal.grpcService, method: OTLPSignal.grpcMethod, type: .unary),
                deserializer: RawMessageCoding(), serializer: RawMessageCoding()
            ) { request, _ in
                await export(request)
            }
        }
    }

    private func export(_ request: StreamingServerRequest<ByteBuffer>) async -> StreamingServerResponse<ByteBuffer> {
        let metrics = intake.events.parts.metrics
        do throws(Problem) {
            let answer = try await take(request)
            metrics.countCall(code: Status.Code.ok.rawValue)
            return StreamingServerResponse(single: ServerResponse(message: answer))
        } catch {
            let refusal = RPCError(error)
            metrics.countCall(code: refusal.code.rawValue)
            return StreamingServerResponse(error: refusal)
        }
    }

    private func take(_ request: StreamingServerRequest<ByteBuffer>) async throws(Problem) -> ByteBuffer {
        let number = request.metadata[stringValues: GRPCStreamGuard.pushField].first { _ in true } ?? ""
        // Without one the stream has ended, and nobody hears the answer.
        guard let push = intake.pushes[number] else { throw .bodyCut }
        defer { push.reservation.release() }
        let message = try await message(of: request)
        if let problem = push.problem { throw problem }
        guard let source = push.source, let plan = source.plan else { throw .internalError }
        let outcome = try await intake.events.take(
            message, as: push.compression, from: source,
            BodyReading.Plan(
                plan,
                expectation: PushProtocol.otlp(push.signal).expectation(mediaType: OTLPAnswer.protobufType)),
            holding: push.reservation)
        try OTLPAnswer.check(outcome)
        return ByteBuffer(bytes: OTLPAnswer.message(of: outcome))
    }

    private func message(of request: StreamingServerRequest<ByteBuffer>) async throws(Problem) -> ByteBuffer {
        do {
            for try await message in request.messages { return message }
        } catch is CancellationError {
            throw .closed(.draining)
        } catch {
            throw .bodyCut
        }
        throw .notOneMessage
    }
}

/// Messages as they are.
struct RawMessageCoding: MessageDeserializer, MessageSerializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> ByteBuffer {
        unsafe bytes.withUnsafeBytes { unsafe ByteBuffer(bytes: $0) }
    }

    func serialize<Bytes: GRPCContiguousBytes>(_ message: ByteBuffer) -> Bytes {
        Bytes(message.readableBytesView)
    }
}
