internal import Foundation

/// Writes small files whole or not at all: a new file beside the old, synced, then put in its place.
package enum PrivateFile {
    /// Whom a file is for.
    package enum Audience: Sendable {
        /// Keys and tokens: mode 0600.
        case ownerOnly
        /// Certificates and configuration: mode 0644.
        case everybody

        var mode: mode_t {
            switch self {
            case .ownerOnly: 0o600
            case .everybody: 0o644
            }
        }
    }

    /// Writes `text` to `path`; see ``write(_:to:for:overwriting:)-([UInt8],_,_,_)``.
    package static func write(
        _ text: String, to path: String, for audience: Audience, overwriting: Bool
    ) throws(IdentityError) {
        try write(Array(text.utf8), to: path, for: audience, overwriting: overwriting)
    }

    /// Writes `bytes` to `path`.
    ///
    /// - Parameter overwriting: Whether a file that is there already is replaced; otherwise it is refused with
    ///   ``IdentityError/Code/fileExists``, without a moment in between at which another process could slip in.
    package static func write(
        _ bytes: [UInt8], to path: String, for audience: Audience, overwriting: Bool
    ) throws(IdentityError) {
        let temporary = "\(path).\(UInt64.random(in: .min ... .max)).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, audience.mode)
        guard descriptor >= 0 else { throw failure(to: "create", at: temporary) }
        do {
            try fill(descriptor, with: bytes, path: temporary)
            try place(temporary, at: path, overwriting: overwriting)
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    /// Reads a small text file whole.
    package static func read(_ path: String, what: String) throws(IdentityError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            if FileManager.default.fileExists(atPath: path) {
                throw IdentityError(.fileFailed, "\(what) \(path) can't be read; check its permissions")
            }
            throw IdentityError(.fileMissing, "\(what) \(path) isn't there")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw IdentityError(.fileFailed, "\(what) \(path) is not UTF-8 text")
        }
        return text
    }

    private static func fill(_ descriptor: Int32, with bytes: [UInt8], path: String) throws(IdentityError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = failure(to: "write", at: path)
                close(descriptor)
                throw error
            }
            written += count
        }
        let isSynced = fsync(descriptor) == 0
        guard close(descriptor) == 0, isSynced else { throw failure(to: "sync", at: path) }
    }

    private static func place(_ temporary: String, at path: String, overwriting: Bool) throws(IdentityError) {
        if overwriting {
            guard unsafe rename(temporary, path) == 0 else { throw failure(to: "replace", at: path) }
            return
        }
        guard unsafe link(temporary, path) == 0 else {
            if errno == EEXIST {
                throw IdentityError(
                    .fileExists, "\(path) is there already and is not overwritten; say --force to replace it")
            }
            throw failure(to: "create", at: path)
        }
        unsafe unlink(temporary)
    }

    private static func failure(to verb: String, at path: String) -> IdentityError {
        let reason = unsafe String(cString: strerror(errno))
        return IdentityError(.fileFailed, "can't \(verb) \(path): \(reason)")
    }
}
