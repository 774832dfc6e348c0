internal import Glibc

/// The few calls on sockets of this machine that faults are made with. They block: use threads.
enum Sockets {
    struct Failed: Error, CustomStringConvertible {
        var call: String
        var code = errno
        var description: String { "\(call) failed with errno \(code)" }
    }

    /// Listens on a free port of the loopback address.
    static func listen(backlog: Int32) throws -> Int32 {
        let descriptor = try makeSocket()
        var address = loopback(port: 0)
        let bound = unsafe withGeneric(&address) { unsafe bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let failed = Failed(call: "bind")
            close(descriptor)
            throw failed
        }
        return descriptor
    }

    /// The port that a socket is bound to.
    static func port(of descriptor: Int32) throws -> UInt16 {
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withGeneric(&address) { generic, _ in unsafe getsockname(descriptor, generic, &length) }
        guard result == 0 else { throw Failed(call: "getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A connection to a port of this machine; `nil` where nobody listens.
    ///
    /// - Parameter host: the last two bytes of the address 127.0.x.y that it comes from; `nil` for any.
    static func connect(to port: UInt16, from host: UInt16? = nil) -> Int32? {
        guard let descriptor = try? makeSocket() else { return nil }
        if let host {
            var own = loopback(port: 0)
            own.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
            guard unsafe withGeneric(&own, { unsafe bind(descriptor, $0, $1) }) == 0 else {
                close(descriptor)
                return nil
            }
        }
        var address = loopback(port: port)
        let result = unsafe withGeneric(&address) { unsafe Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// Sends all of it; `false` where the other side is gone.
    static func sendAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Whether the other side has closed.
    static func isClosed(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        if count == 0 { return true }
        return count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR
    }

    private static func makeSocket() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(call: "socket") }
        return descriptor
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withGeneric(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
