/// The exit codes that are not an error's of the protocol: those of sysexits.h.
enum ExitStatus {
    /// The command line, or a file it names, is not what it should be.
    static let usage: Int32 = 64
    /// No daemon is at the socket.
    static let unavailable: Int32 = 69
    /// Something is wrong that should not be.
    static let software: Int32 = 70
    /// Standard output can't be written.
    static let inputOutput: Int32 = 74
    /// It may work later.
    static let temporary: Int32 = 75
    /// The daemon does not speak our protocol.
    static let violation: Int32 = 76
    /// This user may not.
    static let noPermission: Int32 = 77
    /// The environment holds something wrong.
    static let configuration: Int32 = 78
}
