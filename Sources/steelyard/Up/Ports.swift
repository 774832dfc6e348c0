internal import Foundation

/// The loopback ports of one `up`.
struct Ports: Sendable, Equatable {
    /// First port where none is named: collectors' HTTP intake at 4680, ingest 4681, query 4682.
    static let defaultBase = 4_680

    var ingest: Int
    var query: Int
    /// One for each provider, in their order.
    var collectors: [Int]

    /// Base for the first collector, base + 1 for ingest, base + 2 for queries, base + 3 on for further collectors.
    /// Base 0 takes whatever ports are free.
    init(base: Int, providerCount: Int) throws(CommandError) {
        if base == 0 {
            let free = try Self.free(count: providerCount + 2)
            (ingest, query, collectors) = (free[0], free[1], Array(free.dropFirst(2)))
            return
        }
        try Self.check(base: base, providerCount: providerCount)
        ingest = base + 1
        query = base + 2
        collectors = providerCount == 0 ? [] : [base] + (1..<providerCount).map { base + 2 + $0 }
        for port in [ingest, query] + collectors {
            guard let socket = ListeningSocket(port: port) else {
                throw CommandError(
                    .failure, "port \(port) is taken by another program; choose other ports with --port-base N")
            }
            _ = consume socket
        }
    }

    /// Refuses a base from which not all ports can be counted up.
    static func check(base: Int, providerCount: Int) throws(CommandError) {
        let last = 65_533 - providerCount
        guard base == 0 || (base >= 1_024 && base <= last) else {
            throw CommandError(.usage, "--port-base must be 0 or lie between 1024 and \(last)")
        }
    }

    /// Ports that were free a moment ago. All are held open until the last is found, so that none comes twice.
    private static func free(count: Int) throws(CommandError) -> [Int] {
        var ports: [Int] = []
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        for _ in 0..<count {
            guard let socket = ListeningSocket(port: 0) else {
                throw CommandError(.failure, "no free port on 127.0.0.1; is loopback up?")
            }
            ports.append(socket.port)
            held.append(socket.release())
        }
        return ports
    }
}

/// A bound TCP socket on 127.0.0.1, closed with the value.
struct ListeningSocket: ~Copyable {
    private let descriptor: Int32
    let port: Int

    /// `nil` where the port is taken.
    init?(port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var one: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard bound else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Gives the descriptor away; the caller closes it.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    deinit { close(descriptor) }
}
