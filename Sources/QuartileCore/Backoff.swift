/// How long to wait after a failure.
///
/// | failure in a row | 1st | 2nd | 3rd | 4th | 5th | 6th | 7th | 8th | 9th | from the 10th |
/// | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
/// | at most | 1 s | 2 s | 4 s | 8 s | 16 s | 32 s | 64 s | 128 s | 256 s | 300 s |
///
/// The delay is drawn evenly from three tenths of that up to the whole. Full jitter down to nothing would spread callers
/// as well, but could by bad luck put a dozen attempts into the first minutes of an outage. With the floor these are
/// guarantees, not likelihoods: the first twelve delays are never shorter than 423 s together, so no more than twelve
/// attempts fall into the first five minutes, and from then on no more than 40 into an hour.
public enum Backoff {
    /// The longest delay.
    public static let ceiling = Milliseconds.minutes(5)

    /// While a caller waits, a request that never left is tried again at least this often: it costs the API nothing.
    public static let whileWaited = Milliseconds.seconds(10)

    /// The delay before the store is tried again: writing once more costs nobody but this machine, and what waits to be
    /// written may be the only copy.
    public static func storageDelay(failures: Int, random: Double) -> Milliseconds {
        min(whileWaited, delay(failures: failures, random: random))
    }

    /// The delay after `failures` failures in a row (1 or more); `random` from 0 up to 1.
    public static func delay(failures: Int, random: Double) -> Milliseconds {
        let longest = min(ceiling, .seconds(1 << Int64(min(max(failures, 1), 10) - 1)))
        return longest * (0.3 + 0.7 * random)
    }
}
