import FuzzSupport
import QuartileWire

/// Takes an input for what came in on a connection, from either side: what libFuzzer calls (its documentation,
/// "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func checkWire(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    check(start, count) { input in
        checkTime(input)
        let lines = checkFraming(of: input)
        // A text that is more than one line may be JSON all the same.
        if lines.count > 1 { _ = checkJSON(input) }
        // Each has an answer to be read as well, which for 64 KiB of empty lines takes a while.
        for line in lines.prefix(1_000) {
            let json = checkJSON(line)
            checkClientMessage(line, isJSON: json != nil)
            checkDaemonMessage(line)
            if let json { checkResults(json) }
        }
    }
}
