internal import UsageModel
internal import WireProtocol

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// A dictionary of names as front-coded columns and back.
struct NamesCodec {
    /// What the dictionary is called in errors.
    let field: String
    let maxNames: Int
    let maxNameBytes: Int

    static let tenants = NamesCodec(
        field: "rows.tenants", maxNames: Limits.maxTenantsPerBatch, maxNameBytes: Limits.maxTenantNameBytes)
    static let models = NamesCodec(
        field: "rows.models", maxNames: Limits.maxModelsPerBatch, maxNameBytes: Limits.maxModelNameBytes)
    static let regions = NamesCodec(
        field: "rows.regions", maxNames: Limits.maxRegionsPerBatch, maxNameBytes: Limits.maxRegionNameBytes)

    /// The message `Names`.
    func encode(_ names: [String]) throws(BatchError) -> ColumnWriter {
        guard names.count <= maxNames else { throw error("\(names.count) names, more than \(maxNames)") }
        var prefixBytes: [UInt32] = []
        var suffixBytes: [UInt32] = []
        var suffixes: [UInt8] = []
        var previous: [UInt8] = []
        for (index, name) in names.enumerated() {
            let bytes = Array(name.utf8)
            try check(bytes, index)
            let shared = zip(previous, bytes).prefix { $0 == $1 }.count
            guard index == 0 || Self.follows(bytes, after: previous, shared: shared) else {
                throw error("name \(index) is not after the one before it")
            }
            prefixBytes.append(UInt32(shared))
            suffixBytes.append(UInt32(bytes.count - shared))
            suffixes.append(contentsOf: bytes[shared...])
            previous = bytes
        }
        var message = ColumnWriter()
        message.numbers(prefixBytes, field: 1)
        message.numbers(suffixBytes, field: 2)
        message.text(suffixes, field: 3)
        return message
    }

    /// - Precondition: the message passed ``MessageShape/check(_:found:)``.
    func decode(_ wire: WireNames) throws(BatchError) -> [String] {
        guard !wire.prefixBytes.isEmpty, wire.prefixBytes.count == wire.suffixBytes.count else {
            throw error("\(wire.prefixBytes.count) prefixes and \(wire.suffixBytes.count) suffixes")
        }
        let suffixes = [UInt8](wire.suffixes)
        var names: [String] = []
        names.reserveCapacity(wire.prefixBytes.count)
        var name: [UInt8] = []
        var offset = 0
        for index in wire.prefixBytes.indices {
            let (shared, length) = (Int(wire.prefixBytes[index]), Int(wire.suffixBytes[index]))
            guard shared <= name.count, length <= suffixes.count - offset, shared + length <= maxNameBytes else {
                throw error("the lengths of name \(index) point beyond what is there, or past \(maxNameBytes) bytes")
            }
            // With the longest possible prefix, the first byte of the suffix decides the order.
            guard length > 0, shared == name.count || suffixes[offset] > name[shared] else {
                throw error("name \(index) is not after the one before it, or its prefix isn't the longest")
            }
            name.removeSubrange(shared...)
            name.append(contentsOf: suffixes[offset..<offset + length])
            offset += length
            try check(name, index)
            names.append(String(decoding: name, as: UTF8.self))
        }
        guard offset == suffixes.count else { throw error("\(suffixes.count - offset) bytes belong to no name") }
        return names
    }

    private func check(_ name: [UInt8], _ index: Int) throws(BatchError) {
        // What earlier collectors sealed is taken as it is; the rollup keeps names in one spelling.
        if let problem = unsafe NameRule.problem(
            in: name.span.bytes, maxBytes: maxNameBytes, isSealed: true)
        {
            throw error("name \(index) \(problem.explanation)")
        }
    }

    private static func follows(_ name: [UInt8], after previous: [UInt8], shared: Int) -> Bool {
        shared < name.count && (shared == previous.count || name[shared] > previous[shared])
    }

    private func error(_ message: String) -> BatchError { BatchError(.badDictionary, field: field, message) }
}
