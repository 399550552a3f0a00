import Glibc
import QuartileWire
import Testing

@Suite struct `Program that rejects a token` {
    private static let answer: [Method: Result<JSON, WireError>] = [
        .rejectToken: .success(RejectTokenResult(.refreshed, generation: 8).json)
    ]

    @Test(arguments: [
        (RejectTokenResult.Outcome.refreshed, "x: refreshed, the token is now of generation 8\n"),
        (.alreadyReplaced, "x: already replaced, the token is of generation 8\n"),
        (.tooSoon, "x: not refreshed, the last refresh was less than 30 s ago (generation 8)\n"),
    ])
    func `says what came of it`(outcome: RejectTokenResult.Outcome, line: String) {
        let answer: [Method: Result<JSON, WireError>] = [
            .rejectToken: .success(RejectTokenResult(outcome, generation: 8).json)
        ]
        let (result, requests) = runProgram(["reject", "--account", "x", "--generation", "7"], answer)
        #expect(result == Outcome(status: 0, output: line, errors: ""))
        #expect(requests.map(\.params) == [["account": "x", "generation": 7]])
    }

    @Test func `reads the token from standard input`() {
        let (result, requests) = runProgram(["reject", "--account", "x"], Self.answer, input: " eyJ.abc.def\n")
        #expect(result.status == 0)
        #expect(requests.map(\.params) == [["account": "x", "access_token": "eyJ.abc.def"]])
    }

    @Test(arguments: ["", "\n", "one two"])
    func `needs the token alone there`(input: String) {
        let (result, requests) = runProgram(["reject", "--account", "x"], Self.answer, input: input)
        #expect(result.status == 64)
        #expect(result.errors.contains("the refused token on standard input must be there alone"))
        #expect(requests.isEmpty)
    }

    @Test(arguments: ["0", "-1", "one", "1.5"])
    func `takes no generation that can't be`(generation: String) {
        let (result, requests) = runProgram(["reject", "--account", "x", "--generation=\(generation)"], Self.answer)
        #expect(result.status == 64)
        #expect(!result.errors.contains("message:"), "\(result.errors)")
        #expect(requests.isEmpty)
    }
}
