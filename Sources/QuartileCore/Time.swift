/// A point on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
///
/// The wall clock can be set, so an interval between two of these is only as good as the clock was.
public struct UnixTime: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970.
    public var milliseconds: Int64

    /// The point `milliseconds` after 1970.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The point `seconds` after 1970.
    public init(seconds: Int64) { milliseconds = seconds * 1000 }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 { milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000 }

    /// Whether `a` is the earlier.
    public static func < (a: UnixTime, b: UnixTime) -> Bool { a.milliseconds < b.milliseconds }
    /// The point `span` later.
    public static func + (time: UnixTime, span: Milliseconds) -> UnixTime {
        UnixTime(milliseconds: time.milliseconds + span.count)
    }
    /// The span from `b` to `a`; negative where `a` is the earlier.
    public static func - (a: UnixTime, b: UnixTime) -> Milliseconds { Milliseconds(a.milliseconds - b.milliseconds) }
}

/// A point on the clock that runs from boot, time asleep included (clock_gettime(2), `CLOCK_BOOTTIME`), in milliseconds.
///
/// Nobody can set this clock, and it means nothing in another boot.
public struct BootTime: Hashable, Comparable, Sendable {
    /// Milliseconds since boot.
    public var milliseconds: Int64

    /// The point `milliseconds` after boot.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Whether `a` is the earlier.
    public static func < (a: BootTime, b: BootTime) -> Bool { a.milliseconds < b.milliseconds }
    /// The point `span` later.
    public static func + (time: BootTime, span: Milliseconds) -> BootTime {
        BootTime(milliseconds: time.milliseconds + span.count)
    }
    /// The span from `b` to `a`; negative where `a` is the earlier.
    public static func - (a: BootTime, b: BootTime) -> Milliseconds { Milliseconds(a.milliseconds - b.milliseconds) }
}

/// One look at both clocks.
public struct Moment: Hashable, Sendable {
    /// The wall clock: what people read, and all that survives a reboot.
    public var wall: UnixTime
    /// The boot clock: what intervals are measured on.
    public var boot: BootTime

    /// A look at both clocks.
    public init(wall: UnixTime, boot: BootTime) {
        self.wall = wall
        self.boot = boot
    }

    /// The moment `span` later, if nobody sets the clock.
    public static func + (moment: Moment, span: Milliseconds) -> Moment {
        Moment(wall: moment.wall + span, boot: moment.boot + span)
    }

    /// What the wall clock shows when the boot clock shows `time`, if nobody sets it until then.
    public func wall(at time: BootTime) -> UnixTime { wall + (time - boot) }
}

/// A span of time in whole milliseconds; the unit of every lifetime, margin and delay in this module.
public struct Milliseconds: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    /// How many milliseconds; negative spans are allowed.
    public var count: Int64

    /// A span of `count` milliseconds.
    public init(_ count: Int64) { self.count = count }
    /// A span of as many milliseconds as the literal says.
    public init(integerLiteral value: Int64) { count = value }

    /// A span of whole seconds.
    public static func seconds(_ seconds: Int64) -> Milliseconds { Milliseconds(seconds * 1000) }
    /// A span of whole minutes.
    public static func minutes(_ minutes: Int64) -> Milliseconds { .seconds(minutes * 60) }
    /// A span of whole hours.
    public static func hours(_ hours: Int64) -> Milliseconds { .minutes(hours * 60) }

    /// The span in seconds.
    public var inSeconds: Double { Double(count) / 1000 }

    /// Whether `a` is the shorter.
    public static func < (a: Milliseconds, b: Milliseconds) -> Bool { a.count < b.count }
    /// Both spans together.
    public static func + (a: Milliseconds, b: Milliseconds) -> Milliseconds { Milliseconds(a.count + b.count) }
    /// What `a` has more than `b`.
    public static func - (a: Milliseconds, b: Milliseconds) -> Milliseconds { Milliseconds(a.count - b.count) }
    /// The span divided, rounded towards zero.
    public static func / (a: Milliseconds, divisor: Int64) -> Milliseconds { Milliseconds(a.count / divisor) }
    /// The span scaled by `factor`, rounded towards zero.
    public static func * (a: Milliseconds, factor: Double) -> Milliseconds {
        Milliseconds(Int64(Double(a.count) * factor))
    }
}
