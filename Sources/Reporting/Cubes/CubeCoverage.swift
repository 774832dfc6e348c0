internal import Scopes
package import UsageModel

/// Which questions the cubes of a snapshot answer, at a moment of knowledge.
package struct CubeCoverage: Sendable, Equatable {
    /// A calendar whose cells are complete.
    package struct Calendar: Sendable, Equatable {
        package var id: Int16
        /// IANA name.
        package var zone: String
        /// From when on cells tell the calendar's days apart; `nil` for ever.
        package var answersFrom: Timestamp?

        package init(id: Int16, zone: String, answersFrom: Timestamp?) {
            self.id = id
            self.zone = zone
            self.answersFrom = answersFrom
        }
    }

    package var calendars: [Calendar]
    /// The first version of the registry that was recorded after the moment of knowledge; `nil` where none was.
    package var firstLaterVersion: Timestamp?

    /// - Parameter calendars: none where there are no cubes.
    package init(calendars: [Calendar] = [], firstLaterVersion: Timestamp? = nil) {
        self.calendars = calendars
        self.firstLaterVersion = firstLaterVersion
    }

    /// The number of the calendar that cubes answer a plan in; `nil` where they don't: by tenant, in another calendar,
    /// before they tell its days apart, and where a version that isn't known yet was recorded before the last of the
    /// days began, whose changes cells don't keep (see ``CubePiece/keepsChanges(of:)``).
    ///
    /// - Parameter reporting: the reporting calendar.
    package func calendar(of plan: SumPlan, reporting: ZoneRules) -> Int16? {
        plan.granularity.byTenant
            ? nil
            : calendar(zone: plan.zone.identifier, seconds: plan.seconds, dependsOnKinds: true, reporting: reporting)
    }

    /// The number of the calendar in whose days cubes answer a question of no tenant; `nil` where they don't.
    ///
    /// - Parameters:
    ///   - zone: IANA name.
    ///   - seconds: whole days of the zone, in seconds since 1970.
    ///   - dependsOnKinds: whether the answer depends on what tenants were known to be.
    ///   - reporting: the reporting calendar.
    package func calendar(
        zone: String, seconds: Range<Int64>, dependsOnKinds: Bool, reporting: ZoneRules
    ) -> Int16? {
        guard let calendar = calendars.first(where: { $0.zone == zone }) else { return nil }
        if let from = calendar.answersFrom, Timestamp(seconds: seconds.lowerBound) < from { return nil }
        if dependsOnKinds, let later = firstLaterVersion {
            let lastDay = reporting.startOfDay(reporting.date(atSecond: seconds.upperBound - 1))
            if later <= Timestamp(seconds: lastDay) { return nil }
        }
        return calendar.id
    }
}
