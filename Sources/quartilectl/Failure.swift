/// Why the program ends with another code than 0, in one line for people.
struct Failure: Error, Equatable {
    /// What is wrong: a sentence without a full stop. Never holds a secret.
    var message: String
    /// A command that helps, where there is one.
    var remedy: String?
    /// What has to come before it, in a clause.
    var condition: String?
    /// What the program exits with.
    var exitCode: Int32

    init(_ message: String, remedy: String? = nil, exitCode: Int32) {
        self.message = message
        self.remedy = remedy
        self.exitCode = exitCode
    }

    /// The command line, or a file it names, is not what it should be.
    static func usage(_ message: String, remedy: String? = nil) -> Failure {
        Failure(message, remedy: remedy, exitCode: ExitStatus.usage)
    }

    /// What standard error gets: one line, which ends in the remedy.
    func line(_ style: TextStyle) -> String {
        var sentence = style.clean(message)
        while sentence.last == "." || sentence.last == " " { sentence.removeLast() }
        // Whatever commands the sentence speaks of may be somebody else's words; the last one is ours.
        guard let remedy else { return "quartilectl: \(sentence)\n" }
        let mark = sentence.last == "?" ? "" : ";"
        let before = condition.map { "\($0), " } ?? ""
        return "quartilectl: \(sentence)\(mark) \(before)run: \(style.clean(remedy))\n"
    }
}
