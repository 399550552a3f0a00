import CLinux
import Glibc
package import QuartileCore

/// Where the time comes from.
package protocol MomentSource: Sendable {
    /// One look at both clocks.
    func now() -> Moment
}

/// The machine's clocks (clock_gettime(2)): `CLOCK_REALTIME` and `CLOCK_BOOTTIME`.
package struct SystemClock: MomentSource {
    package init() {}

    package func now() -> Moment {
        Moment(
            wall: UnixTime(milliseconds: SystemClock.milliseconds(CLOCK_REALTIME)),
            boot: BootTime(milliseconds: SystemClock.milliseconds(CLOCK_BOOTTIME))
        )
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Fails only for a clock that the kernel lacks; both are older than every kernel that systemd runs on.
        precondition(clock_gettime(clock, &time) == 0, "clock_gettime failed")
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
