import EndToEndHarness

extension Fault {
    static let noRoom = Fault(
        "F5",
        "ENOSPC, EROFS and RLIMIT_FSIZE, before a refresh and between the server's rotation and T2",
        bar: "as F4; the state says so; the ballast of 1 MiB lets a received set be saved"
    ) { plan in
        // From nothing to more than a refresh writes: it fails at each page that it has to add.
        let steps = plan.quick ? [0, 12_288] : Array(stride(from: 0, through: 49_152, by: 4096))
        var scarcities: [Scarcity] = [.failing("EROFS"), .failing("ENOSPC")]
        let canMount = await SmallDisk.isPossible()
        for step in steps {
            scarcities.append(.fileSize(step))
            if canMount { scarcities += [.space(free: step, ballast: true), .space(free: step, ballast: false)] }
        }
        let trials = (plan.quick ? ["strict"] : KillCampaign.modes).flatMap { mode in
            scarcities.flatMap { scarcity in
                ScarcityTrial.Moment.allCases.map { ScarcityTrial(mode: mode, scarcity: scarcity, moment: $0) }
            }
        }
        let findings = ScarcityTrial.Findings()
        var tally = await plan.tryAll(trials, named: \.name) { try await $0.run(findings) }
        let counts = findings.all
        tally.note("refused with nothing sent", "\(counts.refused)")
        tally.note("kept and saved later", "\(counts.kept)")
        tally.note(
            "saved on a full disk by the ballast",
            "\(counts.saved) of \(counts.toBeSaved)",
            met: counts.saved == counts.toBeSaved
        )
        // In a container, say. The faults above are injected all the same.
        if !canMount { tally.note("no disk can be mounted here, so none was filled", "") }
        return tally
    }
}
