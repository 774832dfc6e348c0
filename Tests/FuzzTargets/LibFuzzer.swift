internal import Glibc

/// The target that the environment names.
private let chosenTarget: FuzzTarget = {
    let name = unsafe getenv("STEELYARD_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("STEELYARD_FUZZ_TARGET is \"\(name)\"; use Tests/Tools/fuzz, which sets it")
    }
    return target
}()

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    unsafe chosenTarget.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
