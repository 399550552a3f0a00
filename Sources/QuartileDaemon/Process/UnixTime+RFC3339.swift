package import QuartileCore
import QuartileWire

extension UnixTime {
    /// The time as RFC 3339, section 5.6, in UTC and whole seconds.
    package var rfc3339: String { WireTime.format(epochSeconds: seconds) }
}
