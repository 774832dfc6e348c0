internal import Foundation
internal import TestHarness

/// An ext4 file system in a file, on a loop device, whose power can be cut.
final class LoopDisk: Sendable {
    /// `EXT4_IOC_SHUTDOWN`, `_IOR('X', 125, __u32)`.
    private static let shutdownRequest: UInt = 0x8004_587D
    /// Without writing the journal out first: what was not synced is gone, as when the power fails.
    private static let withoutLogFlush: UInt32 = 2

    let mountPoint: String
    private let image: String
    private let log: String
    private let mount: String
    private let unmount: String

    /// Makes and mounts the file system.
    ///
    /// - Parameters:
    ///   - bytes: its size.
    ///   - inodes: how many files it can hold; `nil` for ext4's own choice.
    /// - Throws: ``Skipped`` without root, loop devices or e2fsprogs.
    init(directory: String, bytes: UInt64, inodes: Int? = nil) async throws {
        guard geteuid() == 0 else { throw Skipped(reason: "needs root, to mount a loop device") }
        guard FileManager.default.fileExists(atPath: "/dev/loop-control") else {
            throw Skipped(reason: "this machine has no loop devices (/dev/loop-control is missing)")
        }
        let make = try Tool.require("mkfs.ext4", package: "e2fsprogs")
        mount = try Tool.require("mount", package: "mount")
        unmount = try Tool.require("umount", package: "mount")
        image = "\(directory)/disk.image"
        mountPoint = "\(directory)/disk"
        log = "\(directory)/disk.log"
        try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: image, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: image))
        try file.truncate(atOffset: bytes)
        try file.close()
        try await Tool.run(make, ["-q", "-F"] + (inodes.map { ["-N", "\($0)"] } ?? []) + [image], log: log)
        do {
            try await attach()
        } catch {
            throw Skipped(reason: "a loop device can't be mounted here: \(error)")
        }
    }

    func attach() async throws { try await Tool.run(mount, ["-o", "loop", image, mountPoint], log: log) }

    func detach() async throws {
        // Whoever was killed on it may still be letting go.
        try await eventually("\(mountPoint) is unmounted", within: .seconds(30)) {
            (try? await Tool.run(unmount, [mountPoint], log: log)) != nil
        }
    }

    /// From now on nothing reaches the disk, and every call fails.
    func cutPower() throws {
        let descriptor = unsafe open(mountPoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Tool.Failed(description: "open of \(mountPoint): errno \(errno)") }
        defer { close(descriptor) }
        var flags = Self.withoutLogFlush
        let result = unsafe withUnsafeMutableBytes(of: &flags) { bytes in
            unsafe ioctl(descriptor, Self.shutdownRequest, bytes.baseAddress.unsafelyUnwrapped)
        }
        guard result == 0 else {
            throw Skipped(reason: "this kernel can't shut an ext4 down (EXT4_IOC_SHUTDOWN: errno \(errno))")
        }
    }
}
