internal import CFileStatus
internal import Glibc

/// The type, the permissions and the owners of a file.
struct FileStatus {
    private let status: steelyard_file_status

    var permissions: UInt32 { status.permissions }
    var owner: UInt32 { status.owner }
    var group: UInt32 { status.group }
    var isRegular: Bool { status.is_regular != 0 }
    var isLink: Bool { status.is_link != 0 }

    /// Of an open file; `nil` with the cause in `errno`.
    init?(of descriptor: Int32) {
        var status = steelyard_file_status()
        guard unsafe steelyard_status_of_open_file(descriptor, &status) == 0 else { return nil }
        self.status = status
    }

    /// Of a name; `nil` with the cause in `errno`.
    ///
    /// - Parameters:
    ///   - directory: an open directory that a relative name is meant from; the working directory otherwise.
    ///   - isFollowed: whether a link stands for what it leads to.
    init?(named name: String, in directory: Int32 = AT_FDCWD, isFollowed: Bool) {
        var status = steelyard_file_status()
        guard unsafe steelyard_status_of_name(directory, name, isFollowed ? 1 : 0, &status) == 0 else { return nil }
        self.status = status
    }
}
