import FuzzSupport
import QuartileCore

@testable import QuartileDaemon

/// Takes an input for a configuration: what libFuzzer calls (its documentation, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func checkConfiguration(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    check(start, count) { input in
        // What is not UTF-8 is refused before it is looked at.
        guard let text = String(validating: input, as: UTF8.self) else { return }
        checkFile(text)
        checkEnvironment(text)
        checkBaseURL(text)
        checkDuration(text)
    }
}
