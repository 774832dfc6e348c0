internal import HTTPSupport
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import SourceFormats

/// Stands before gRPC in each stream, so that nothing is taken of a message whose sender may not push, or of one that
/// is too much: gRPC itself sees the head of a call, then its whole message, or an empty one where the call is refused.
///
/// What comes behind a refused call's head is read and dropped, so that the answer arrives.
final class GRPCStreamGuard: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    /// The number of the call, for whoever reads its message. Senders that say it aren't heard.
    static let pushField = "steelyard-push"
    /// Bytes of a call that are dropped before its stream is closed.
    private static let maxSurplusBytes = 64 << 20

    private enum State {
        /// Can become `reading` or `over`.
        case awaitingHead
        /// Can become `over`.
        case reading(GRPCMessageFrame, GRPCPush)
        /// gRPC has all that it will see.
        case over
    }

    private static let signals = Dictionary(uniqueKeysWithValues: OTLPSignal.allCases.map { ($0.grpcPath, $0) })

    private let intake: GRPCIntake
    private var state = State.awaitingHead
    private var number: String?
    private var surplusBytes = 0
    private var deadline: Scheduled<Void>?

    init(_ intake: GRPCIntake) {
        self.intake = intake
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            if case .awaitingHead = state {
                begin(headers, context)
            } else if headers.endStream {
                end(context)
            }
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            take(bytes, context)
            if data.endStream { end(context) }
        case let other:
            context.fireChannelRead(wrapInboundOut(other))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    // MARK: The call

    private func begin(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) {
        context.channel.tellGuardOfConnection()
        scheduleDeadline(context)
        let head = headers.headers
        guard let signal = Self.signals[head.first(name: ":path") ?? ""], head.first(name: ":method") == "POST",
            head.first(name: "content-type")?.hasPrefix("application/grpc") ?? false
        else {
            // gRPC has an answer to each of these.
            state = .over
            return forward(head, endStream: true, context)
        }
        let push = intake.begin(signal, head, on: context.channel)
        let number = intake.pushes.add(push)
        self.number = number
        var known = head
        known.remove(name: Self.pushField)
        // The message comes to gRPC as if it weren't compressed.
        known.remove(name: "grpc-encoding")
        known.add(name: Self.pushField, value: number)
        forward(known, endStream: false, context)
        guard push.problem == nil else {
            state = .over
            return forward(GRPCMessageFrame.empty, context)
        }
        state = .reading(GRPCMessageFrame(limit: intake.events.settings.maxBodyBytes), push)
        if headers.endStream { end(context) }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .reading(var frame, let push) = state else {
            surplusBytes += bytes.readableBytes
            if surplusBytes > Self.maxSurplusBytes { context.close(promise: nil) }
            return
        }
        // Only one owner of the bytes, so that they aren't copied when more come.
        state = .over
        do throws(Problem) {
            guard push.reservation.extend(to: frame.heldBytes + bytes.readableBytes) else { throw .tooManyBytes }
            try frame.add(bytes)
            state = .reading(frame, push)
        } catch {
            refuse(push, for: error, context)
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        guard case .reading(var frame, let push) = state else { return }
        state = .over
        deadline?.cancel()
        do throws(Problem) {
            let whole = try frame.finish()
            try push.complete(isCompressed: frame.isCompressed)
            forward(whole, context)
        } catch {
            refuse(push, for: error, context)
        }
    }

    private func refuse(_ push: GRPCPush, for problem: Problem, _ context: ChannelHandlerContext) {
        state = .over
        push.refuse(problem)
        forward(GRPCMessageFrame.empty, context)
    }

    // MARK: Its end

    private func scheduleDeadline(_ context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(intake.events.settings.bodyTimeout)) {
            guard case .reading(_, let push) = self.state else { return context.close(promise: nil) }
            self.refuse(push, for: .bodyTooSlow, context)
            // gRPC answers nothing while it believes that more is being read.
            context.fireChannelReadComplete()
            // Time to take the answer.
            self.scheduleDeadline(context)
        }
    }

    private func finish() {
        deadline?.cancel()
        deadline = nil
        if let number { intake.pushes.remove(number) }
        number = nil
    }

    private func forward(_ head: HPACKHeaders, endStream: Bool, _ context: ChannelHandlerContext) {
        context.fireChannelRead(wrapInboundOut(.headers(.init(headers: head, endStream: endStream))))
    }

    /// The last of the call.
    private func forward(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        context.fireChannelRead(wrapInboundOut(.data(.init(data: .byteBuffer(message), endStream: true))))
    }
}
