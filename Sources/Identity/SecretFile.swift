internal import Glibc

/// A file that holds a secret: a private key, a token, a password.
///
/// It is refused where others than its owner may open it. A group may read one that belongs to root while this process
/// is somebody else's: so are secrets handed to the group of a service. Symbolic links are followed, as mounted secrets
/// need; what is looked at is the very file that is read.
package enum SecretFile {
    /// The most bytes of a secret.
    static let maxBytes = 1 << 20

    /// Reads the file whole.
    ///
    /// - Parameter kind: what it holds, such as `private key`.
    package static func read(_ path: String, kind: String) throws(CertificateFault) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        guard let status = FileStatus(of: descriptor) else { throw unreadable(path) }
        try check(status, path: path, kind: kind)
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        var bytes: [UInt8] = []
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { target in
                unsafe Glibc.read(descriptor, target.baseAddress, target.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw unreadable(path) }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= maxBytes else {
                throw CertificateFault(
                    file: path, message: "is longer than \(maxBytes) bytes", remedy: "give the file of the \(kind)")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CertificateFault(file: path, message: "is not text", remedy: "give the file of the \(kind)")
        }
        return text
    }

    /// Looks at the file's mode and owner alone.
    package static func check(_ path: String, kind: String) throws(CertificateFault) {
        guard let status = FileStatus(named: path, isFollowed: true) else { throw unreadable(path) }
        try check(status, path: path, kind: kind)
    }

    /// Whether nobody but its owner can open a file; or a group, which root let read it for this process.
    static func isPrivate(mode: UInt32, owner: UInt32, user: UInt32) -> Bool {
        mode & (owner == 0 && user != 0 ? 0o037 : 0o077) == 0
    }

    private static func check(_ status: FileStatus, path: String, kind: String) throws(CertificateFault) {
        guard status.isRegular else {
            throw CertificateFault(file: path, message: "is not a file", remedy: "give the file of the \(kind)")
        }
        guard isPrivate(mode: status.permissions, owner: status.owner, user: geteuid()) else {
            let mode = String(status.permissions & 0o777, radix: 8)
            throw CertificateFault(
                file: path, message: "holds a \(kind) and can be opened by others (mode 0\(mode))",
                remedy:
                    "chmod 0600 it (0640 where it belongs to root and a group reads it), and replace the \(kind) if "
                    + "others may have read it")
        }
    }

    private static func unreadable(_ path: String) -> CertificateFault {
        let code = errno
        let reason = unsafe String(cString: strerror(code))
        return CertificateFault(
            file: path, message: code == ENOENT ? "isn't there" : "can't be read (\(reason))",
            remedy: "give the right path, and let this user read the file")
    }
}
