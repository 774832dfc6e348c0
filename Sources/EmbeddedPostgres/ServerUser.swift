internal import Foundation

/// The operating-system user that the server runs as. PostgreSQL refuses to run as root.
struct ServerUser: Sendable, Equatable {
    var name: String
    var userID: UInt32
    var groupID: UInt32
    /// Whether programs must be started under another user than this process's.
    var isOther: Bool

    /// This process's user; for root the first of `postgres` and `nobody` that there is.
    static func resolve() throws -> ServerUser {
        let own = geteuid()
        if own != 0 {
            let name = unsafe getpwuid(own).map { unsafe String(cString: $0.pointee.pw_name) } ?? String(own)
            return ServerUser(name: name, userID: own, groupID: getegid(), isOther: false)
        }
        for name in ["postgres", "nobody"] {
            if let entry = unsafe getpwnam(name) {
                return unsafe ServerUser(
                    name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid, isOther: true)
            }
        }
        throw EmbeddedError(
            .noUnprivilegedUser,
            "PostgreSQL can't run as root, and there is neither a user postgres nor a user nobody to run it as.")
    }
}
