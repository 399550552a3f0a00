import Testing

@testable import QuartileDaemon

@Suite struct SystemdUnitTests {
    @Test(arguments: [
        ("0::/system.slice/cron.service", "cron.service"),
        ("0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
        ("0::/init.scope", "init.scope"),
        ("0::/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service", "backup.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.slice/a.service/sub", "a.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope"),
        ("0::/user.slice/user-1000.slice/user@1000.service", "user@1000.service"),
        ("0::/system.slice/build.service/payload/deep.service", "build.service"),
        ("0::/app.slice/own.service", "own.service"),
        ("0::/system.slice/_cgroup.service", "cgroup.service"),
        (#"0::/system.slice/dev-disk\x2dby.swap"#, #"dev-disk\x2dby.swap"#),
        ("12:cpu,cpuacct:/a\n1:name=systemd:/system.slice/old.service\n", "old.service"),
        ("1:name=systemd:/system.slice/old.service\n0::/\n", "old.service"),
        ("3:pids:/x.service\n0::/system.slice/new.service\n1:name=systemd:/system.slice/old.service", "new.service"),
    ])
    func aControlGroupTellsTheUnit(groups: String, unit: String) {
        #expect(SystemdUnit.name(inProcessGroups: groups) == unit)
    }

    @Test(arguments: [
        "", "\n", "0::/", "0::", "0::/user.slice", "0::/docker/0123abc", "0::/../../outside", "7:pids:/a.service",
        "0::/system.slice/.service", "0::/system.slice/a b.service", "0::/system.slice/a.service\u{7}",
        "nonsense", "::::", "0::/sub/a.service", "0:name=systemd:",
    ])
    func whatNamesNoUnitIsNone(groups: String) {
        #expect(SystemdUnit.name(inProcessGroups: groups) == nil)
    }

    @Test func aNameHasAKindAndIsNotTooLong() {
        #expect(SystemdUnit.isName("a.service"))
        #expect(!SystemdUnit.isName("a"))
        #expect(!SystemdUnit.isName("a.slice"), "a slice has no processes of its own")
        #expect(!SystemdUnit.isName("a.timer"))
        #expect(!SystemdUnit.isName("service"))
        #expect(SystemdUnit.isName(String(repeating: "a", count: 247) + ".service"))
        #expect(!SystemdUnit.isName(String(repeating: "a", count: 248) + ".service"))
    }
}
