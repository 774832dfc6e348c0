internal import Glibc

/// What the codes of GB 18030 of two bytes, and of four bytes within the basic plane, stand for, as the C library has
/// it.
///
/// Made once: a table has no state, as the C library's own converter has, so that parsers may be copied and used on any
/// thread.
struct GB18030Table: Sendable {
    private static let trails = 0xFF - 0x40
    private static let fourByteCodes = 39_420

    /// By lead and trail byte; 0 for codes that stand for nothing.
    private var twoByte: [UInt16]
    private var fourByte: [UInt16]

    /// `nil` where the C library doesn't know the character set.
    static let shared = GB18030Table()

    private init?() {
        guard let converter = unsafe iconv_open("UTF-16LE", "GB18030"), Int(bitPattern: converter) != -1 else {
            return nil
        }
        defer { unsafe iconv_close(converter) }
        func unit(_ code: [UInt8]) -> UInt16 {
            var (input, output) = (code.map(CChar.init(bitPattern:)), [CChar](repeating: 0, count: 4))
            let inputCount = input.count
            let written: Int? = unsafe input.withUnsafeMutableBufferPointer { from in
                unsafe output.withUnsafeMutableBufferPointer { to in
                    var (source, target) = (from.baseAddress, to.baseAddress)
                    var (left, room) = (inputCount, 4)
                    let result = unsafe iconv(converter, &source, &left, &target, &room)
                    return result == 0 && left == 0 ? 4 - room : nil
                }
            }
            guard written == 2 else { return 0 }
            return UInt16(UInt8(bitPattern: output[0])) | UInt16(UInt8(bitPattern: output[1])) << 8
        }
        twoByte = []
        for lead in UInt8(0x81)...0xFE {
            for trail in UInt8(0x40)...0xFE { twoByte.append(trail == 0x7F ? 0 : unit([lead, trail])) }
        }
        fourByte = []
        for number in 0..<Self.fourByteCodes {
            let first = UInt8(0x81 + number / 12_600)
            let second = UInt8(0x30 + number / 1_260 % 10)
            let third = UInt8(0x81 + number / 10 % 126)
            let fourth = UInt8(0x30 + number % 10)
            fourByte.append(unit([first, second, third, fourth]))
        }
    }

    func two(lead: UInt8, trail: UInt8) -> UInt32? {
        guard lead >= 0x81, lead <= 0xFE, trail >= 0x40, trail <= 0xFE else { return nil }
        let unit = twoByte[Int(lead - 0x81) * Self.trails + Int(trail - 0x40)]
        return unit == 0 ? nil : UInt32(unit)
    }

    func four(first: UInt8, second: UInt8, third: UInt8, fourth: UInt8) -> UInt32? {
        guard first >= 0x81, first <= 0xFE, second &- 0x30 < 10, third >= 0x81, third <= 0xFE, fourth &- 0x30 < 10
        else { return nil }
        let number =
            ((Int(first - 0x81) * 10 + Int(second - 0x30)) * 126 + Int(third - 0x81)) * 10 + Int(fourth - 0x30)
        if number < Self.fourByteCodes {
            return fourByte[number] == 0 ? nil : UInt32(fourByte[number])
        }
        // The other planes follow one another from 90 30 81 30 on.
        let beyond = number - 189_000
        return beyond >= 0 && beyond < 0x10_0000 ? UInt32(0x10000 + beyond) : nil
    }
}
