import ArgumentParser
import EndToEndHarness
import Foundation

@main struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measures the real programs, side by side with the least that the machine can do it with."
    )

    @Flag(help: "Only see that everything works: few repetitions, and nothing is judged.")
    var smoke = false

    @Option(help: ArgumentHelp("Where to write the figures as JSON.", valueName: "file"))
    var json: String?

    @Flag(help: "Print the table in Markdown.")
    var markdown = false

    @Option(help: ArgumentHelp("Where the programs are: ours, stripped, and those in C.", valueName: "dir"))
    var programs: String

    @Option(help: ArgumentHelp("Where the sources of those in C are.", valueName: "dir"))
    var sources: String

    @Argument(help: ArgumentHelp("The rows to measure, such as P1; all of them if none is named.", valueName: "row"))
    var ids: [String] = []

    func validate() throws {
        for id in ids where !Row.all.contains(where: { $0.id == id }) {
            throw ValidationError("There is no row \(id); there are \(Row.all.map(\.id).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        Program.use(programs)
        let bench = Bench(plan: smoke ? .smoke : .full, cores: try Cores(), tools: programs, sources: sources)
        var report = Report(machine: try Machine(bench.cores), isSmoke: smoke)
        for row in Row.all where ids.isEmpty || ids.contains(row.id) {
            say("measuring \(row.id): \(row.title)")
            let figures = try await World.with { try await row.measure(bench) }
            report.add(row, figures)
        }
        say(markdown ? report.markdown : report.text)
        if let json { try Data((report.json.text + "\n").utf8).write(to: URL(filePath: json)) }
    }
}

/// Prints at once, also where the output is a pipe: people wait for each line.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
