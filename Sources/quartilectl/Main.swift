internal import Glibc

@main
struct Main {
    static func main() {
        ProcessSetup.run()
        exit(Program.run(Array(CommandLine.arguments.dropFirst())))
    }
}

/// Called before `main`, and before Swift's libraries are set up (see the target EarlyStart). Returns if the arguments are
/// for `main`.
@_cdecl("quartilectl_take_short_way")
func takeShortWay(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
    guard count > 0, let options = ShortWay.parse(ArgumentStrings(arguments + 1)) else { return }
    ProcessSetup.run()
    exit(Program.run(options))
}

/// Arguments as C has them, of which the last is followed by a null pointer.
private struct ArgumentStrings: Sequence, IteratorProtocol {
    private var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        rest = arguments
    }

    mutating func next() -> String? {
        guard let argument = rest.pointee else { return nil }
        rest += 1
        return String(cString: argument)
    }
}
