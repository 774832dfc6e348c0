import Reporting
import Testing

@Suite struct LookAlikeNamesTests {
    @Test func `names are put together over what looks like both`() {
        var names = LookAlikeNames()
        for name in ["a", "x", "\u{430}", "A", "y"] { names.add(name) }
        let (groups, isComplete) = names.groups()
        #expect(groups == [["a", "\u{430}", "A"]] && isComplete)
    }

    @Test func `no more are listed than the limit, in whole groups`() {
        var names = LookAlikeNames()
        for index in 0...LookAlikeNames.maxListed / 2 {
            names.add("tenant-\(index)")
            names.add("TENANT-\(index)")
        }
        let (groups, isComplete) = names.groups()
        #expect(!isComplete && groups.count == LookAlikeNames.maxListed / 2)
        #expect(groups.allSatisfy { $0.count == 2 })
    }
}
