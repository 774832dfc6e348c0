internal import UsageModel

extension SettingType where Value == String {
    /// The name of a time zone that this system knows.
    package static var zone: Self {
        SettingType("IANA zone: a name with a slash, or `UTC`", write: { $0 }) { name throws(InvalidValue) in
            guard ZoneRules(identifier: name) != nil else {
                throw InvalidValue(
                    "\"\(name)\" is no zone that this system knows",
                    remedy: "give an IANA name such as Asia/Shanghai, and install tzdata if it is missing")
            }
            return name
        }
    }
}
