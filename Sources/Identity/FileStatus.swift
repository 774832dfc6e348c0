internal import CFileStatus
internal import Glibc

/// The mode and the owners of a file.
struct FileStatus {
    /// Its type and its permissions.
    let mode: UInt32
    let owner: UInt32
    let group: UInt32

    var permissions: UInt32 { mode & 0o7777 }
    var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
    var isLink: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFLNK) }

    private init(_ status: steelyard_file_status) {
        (mode, owner, group) = (status.mode, status.owner, status.group)
    }

    /// Of an open file; `nil` with the cause in `errno`.
    init?(of descriptor: Int32) {
        var status = steelyard_file_status()
        guard unsafe steelyard_status_of_open_file(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of a name; `nil` with the cause in `errno`.
    ///
    /// - Parameters:
    ///   - directory: an open directory that a relative name is meant from; the working directory otherwise.
    ///   - isFollowed: whether a link stands for what it leads to.
    init?(named name: String, in directory: Int32 = AT_FDCWD, isFollowed: Bool) {
        var status = steelyard_file_status()
        guard unsafe steelyard_status_of_name(directory, name, isFollowed ? 1 : 0, &status) == 0 else { return nil }
        self.init(status)
    }
}
