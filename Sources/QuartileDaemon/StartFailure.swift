/// Why the daemon can't start or go on: one line for people, and what the process exits with (sysexits.h).
package struct StartFailure: Error, Sendable {
    /// Kinds of failure, by exit code.
    package enum Kind: Int32, Sendable {
        /// None: it was told to stop before it was ready.
        case stopped = 0
        /// A fault of ours.
        case internalFault = 70
        /// The database, or a file that goes with it, can't be used.
        case storage = 74
        /// Another daemon is there already, or something may work later.
        case temporary = 75
        /// Settings or keys are not what they should be.
        case configuration = 78
    }

    /// Which kind.
    package var kind: Kind
    /// The line.
    package var message: String

    /// What the process exits with.
    package var exitCode: Int32 { kind.rawValue }

    /// SIGTERM or SIGINT came before it was ready.
    static let stopped = StartFailure(kind: .stopped, message: "stopped before it was ready")

    private init(kind: Kind, message: String) { (self.kind, self.message) = (kind, message) }

    /// The one place that decides what an error at the start means.
    init(_ error: any Error) {
        switch error {
        case let error as ConfigurationError: (kind, message) = (.configuration, error.message)
        case let error as PathError: (kind, message) = (.configuration, error.message)
        case let error as UnusableCAFile:
            kind = .configuration
            message = "`api.ca_file` must be a file of PEM certificates: \(error.path) \(error.problem)"
        case let error as ListeningSocketError:
            message = error.description
            switch error {
            case .inUse: kind = .temporary
            case .unusable: kind = .configuration
            }
        case let error as StoreError:
            message = error.sentence
            switch error {
            case .failed, .conflict: kind = .storage
            case .newerSchema, .wrongKey: kind = .configuration
            case .inUse, .keyNotReady: kind = .temporary
            }
        default: (kind, message) = (.internalFault, "\(error)")
        }
    }
}
