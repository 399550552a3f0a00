import ArgumentParser
import EndToEndHarness
import Foundation

@main struct FaultInjectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-injection",
        abstract: "Injects faults into the real programs and holds what comes of it against the bars."
    )

    @Flag(help: "Only a sample, under three minutes in all.")
    var quick = false

    @Option(help: "Where all chance comes from.")
    var seed: UInt64 = 1

    @Option(help: "How many cases may run at a time.")
    var jobs = 2

    @Option(help: ArgumentHelp("Where the programs are, if not beside this one.", valueName: "dir"))
    var programs: String?

    @Option(name: .customLong("case"), help: ArgumentHelp("Only cases whose name holds this.", valueName: "name"))
    var only: String?

    @Flag(help: "Print the table in Markdown as well.")
    var markdown = false

    @Argument(help: ArgumentHelp("The faults to inject, such as F1; all of them if none is named.", valueName: "fault"))
    var ids: [String] = []

    func validate() throws {
        for id in ids where !Fault.all.contains(where: { $0.id == id }) {
            throw ValidationError("There is no fault \(id); there are \(Fault.all.map(\.id).joined(separator: ", ")).")
        }
        guard jobs > 0 else { throw ValidationError("--jobs must be at least 1.") }
    }

    func run() async throws {
        if let programs { Program.use(programs) }
        let plan = Plan(quick: quick, seed: seed, jobs: jobs, only: only)
        var reports: [Report] = []
        for fault in Fault.all where ids.isEmpty || ids.contains(fault.id) {
            let report = await attempt(fault, plan)
            say(report.text)
            reports.append(report)
        }
        if markdown { say(([Report.markdownHeading] + reports.map(\.markdown)).joined(separator: "\n")) }
        guard reports.allSatisfy(\.tally.met) else { throw ExitCode.failure }
    }

    private func attempt(_ fault: Fault, _ plan: Plan) async -> Report {
        let start = ContinuousClock.now
        var tally: Tally
        do {
            tally = try await World.with { try await fault.run(plan) }
        } catch {
            tally = Tally(failure: "\(fault.id) could not be tried: \(error)")
        }
        #if DEBUG
            let build: String? = nil
        #else
            let build = "--release"
        #endif
        let command = ["Scripts/fault-injection", build, quick ? "--quick" : nil, "--seed \(seed)", fault.id]
        return Report(
            fault: fault,
            tally: tally,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            command: command.compactMap(\.self).joined(separator: " ")
        )
    }
}

/// Prints at once, also where the output is a pipe: people wait for each line.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
