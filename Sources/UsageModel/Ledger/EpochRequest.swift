/// A collector's request for a new epoch; as JSON the body of `POST /v1/epochs`.
package struct EpochRequest: Codable, Sendable, Equatable {
    /// The longest software version, in bytes of printable ASCII, here and in a batch's header.
    package static let maxSoftwareVersionBytes = 64

    package var spoolID: SpoolID
    package var softwareVersion: String
    /// The collector's own memory of its last epoch; zeros for none.
    package var remembered: EpochPosition

    package init(spoolID: SpoolID, softwareVersion: String, remembered: EpochPosition) {
        self.spoolID = spoolID
        self.softwareVersion = softwareVersion
        self.remembered = remembered
    }

    package enum CodingKeys: String, CodingKey {
        case spoolID = "spool_id"
        case softwareVersion = "software_version"
        case lastEpoch = "last_epoch"
        case lastNextSequence = "last_next_sequence"
    }

    /// - Throws: ``InvalidControlMessage`` for a member that can't be taken; `DecodingError` for one of another type.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        guard let spoolID = SpoolID(hex: try members.decode(String.self, forKey: .spoolID)) else {
            throw InvalidControlMessage("spool_id must be \(SpoolID.byteCount * 2) hexadecimal digits.")
        }
        self.spoolID = spoolID
        softwareVersion = try members.decode(String.self, forKey: .softwareVersion)
        guard NameRule.isPrintableWord(softwareVersion, maxBytes: Self.maxSoftwareVersionBytes) else {
            throw InvalidControlMessage(
                "software_version must be 1 to \(Self.maxSoftwareVersionBytes) printable ASCII characters.")
        }
        remembered = EpochPosition(
            epoch: try members.decodeIfPresent(UInt64.self, forKey: .lastEpoch) ?? 0,
            nextSequence: try members.decodeIfPresent(UInt64.self, forKey: .lastNextSequence) ?? 0)
        // The epoch that is given is one more, and has to fit as well.
        guard remembered.epoch < UInt64(Int64.max), remembered.nextSequence <= EpochPosition.beyondAnySequence else {
            throw InvalidControlMessage("last_epoch and last_next_sequence must be below 2^63.")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(spoolID.hex, forKey: .spoolID)
        try members.encode(softwareVersion, forKey: .softwareVersion)
        try members.encode(remembered.epoch, forKey: .lastEpoch)
        try members.encode(remembered.nextSequence, forKey: .lastNextSequence)
    }
}

/// The epoch that a collector was given; every older one of the same collector is fenced from now on. As JSON the
/// answer to ``EpochRequest``.
package struct EpochGrant: Codable, Sendable, Equatable {
    /// The new epoch, with the first sequence number to use in it.
    package var position: EpochPosition
    /// The newest epoch before, if there was one.
    package var previous: EpochPosition?
    /// The database knows less than the collector remembers: it was restored from an older backup.
    package var hasRegressed: Bool

    package var epoch: UInt64 { position.epoch }

    package init(position: EpochPosition, previous: EpochPosition?, hasRegressed: Bool) {
        self.position = position
        self.previous = previous
        self.hasRegressed = hasRegressed
    }

    private enum CodingKeys: String, CodingKey {
        case previous
        case hasRegressed = "regressed"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        position = try EpochPosition(from: decoder)
        previous = try members.decodeIfPresent(EpochPosition.self, forKey: .previous)
        hasRegressed = try members.decode(Bool.self, forKey: .hasRegressed)
    }

    package func encode(to encoder: any Encoder) throws {
        try position.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        // `null` rather than absent, where there was none.
        try members.encode(previous, forKey: .previous)
        try members.encode(hasRegressed, forKey: .hasRegressed)
    }
}
