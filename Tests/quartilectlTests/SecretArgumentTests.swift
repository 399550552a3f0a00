import Testing

/// Passwords, keys and tokens where they must not be: refused, with what to do, and not repeated.
@Suite struct `A secret on the command line` {
    private static let key = "hunter2hunter2hunter2hunter2hunt"

    private func refusal(_ arguments: [String]) -> String {
        let outcome = BuiltProgram().run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(!outcome.errors.lowercased().contains("hunter2"), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
        return outcome.errors
    }

    @Test(arguments: [
        ["login", "--account", "x", "--password", "hunter2"], ["login", "--password=hunter2"],
        ["--password", "hunter2", "login"], ["login", "--Passwort", "hunter2"], ["login", "--pw", "hunter2"],
        ["update", "--account", "x", "--subscription-key", key], ["import", "--token", "eyJhunter2"],
        ["import", "--refresh-token", "hunter2"], ["reject", "--access-token", "eyJhunter2"], ["login", "--key", key],
    ])
    func `behind an option of its own`(arguments: [String]) {
        let line = refusal(arguments)
        #expect(line.contains("no secret is taken from the command line, where others can see it: leave it out to be"))
        #expect(line.contains("; run: quartilectl "))
    }

    @Test(arguments: [
        ["login", "hunter2"], ["login", "--account", "x", "ada@example.com", "hunter2"], ["logn", "hunter2"],
        ["reject", "--account", "x", "eyJhunter2"], ["update", "hunter2"],
    ])
    func `alone`(arguments: [String]) {
        #expect(refusal(arguments).contains("(a secret never is one: it is asked for, or read from a file)"))
    }

    @Test(arguments: [
        ["login", "-pHunter2X"], ["login", "-uada:Hunter2"], ["login", "--Hunter2"], ["--Hunter2=x", "login"],
        ["list", "--json=Hunter2"], ["-pHunter2"],
    ])
    func `right behind a short option, or as one`(arguments: [String]) {
        #expect(refusal(arguments).contains("'...'"))
    }

    @Test(arguments: [
        ["login", "--credentials", #"{"username":"ada","password":"hunter2"}"#],
        ["update", "--account", "x", "--subscription-key-file", key],
        ["import", "--tokens", "eyJhunter2.hunter2.hunter2", "--subscription-key-file", "/dev/null"],
        ["import", "--tokens", #"{"refresh":"hunter2"}"#, "--subscription-key-file", "/dev/null"],
    ])
    func `in the place of a file that holds it`(arguments: [String]) {
        #expect(refusal(arguments).contains("that was given can't be opened: No such file or directory"))
    }

    @Test func `is told from an ordinary mistake`() {
        let outcome = BuiltProgram().run(["update", "--account", "x", "--subscription-key-file", "/nowhere/key"])
        #expect(outcome.errors.contains("file /nowhere/key can't be opened"))
    }
}
