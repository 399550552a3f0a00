import Logging
import QuartileCore

extension TokenManager {
    /// Sends the request of a flight and reports what came back.
    func exchange(_ flight: Flight) async {
        let (account, refreshToken) = inspect {
            ($0.accounts[flight.account], $0.scheduler[flight.account]?.tokens.set.refreshToken)
        }
        // The account was removed, and its flight with it.
        guard let account, let refreshToken else { return }
        let outcome: Outcome
        switch flight.operation {
        case .refresh: outcome = await api.refresh(account, refreshToken: refreshToken)
        case .login:
            if let username = account.username, let password = account.password {
                outcome = await api.login(account, username: username, password: password)
            } else {
                outcome = .notSent(Failure(.loginRequired, "no username and password are stored to log in with"))
            }
        }
        transition { state, now in
            ((), state.scheduler.answered(flight, outcome, now: now, using: &state.random))
        }
        note(outcome, of: flight)
    }

    /// The store has written a flight's change, or has not.
    func committed(_ change: StoreChange, _ flight: Flight, _ error: StoreError?) {
        let failure = error.map { Failure(.storageFailed, $0.sentence) }
        transition { state, now in
            ((), state.scheduler.committed(flight, failure: failure, now: now, using: &state.random))
        }
        if let failure {
            log.error(
                "the database could not be written",
                metadata: ["account": "\(flight.account)", "reason": "\(failure.message)"]
            )
        } else if case .saveTokens(_, let tokens, _) = change {
            log.info(
                "tokens renewed",
                metadata: [
                    "account": "\(flight.account)", "by": "\(flight.operation.rawValue)",
                    "generation": "\(tokens.generation)",
                ]
            )
        }
    }

    private func note(_ outcome: Outcome, of flight: Flight) {
        let (what, failure): (String, Failure)
        switch outcome {
        case .received: return
        case .notSent(let reason): (what, failure) = ("not sent", reason)
        case .turnedAway(let reason): (what, failure) = ("turned away", reason)
        case .refused(let reason): (what, failure) = ("refused", reason)
        case .passwordRejected(let reason): (what, failure) = ("password refused", reason)
        case .ambiguous(let reason, _): (what, failure) = ("no sound answer", reason)
        }
        let error = inspect { $0.scheduler[flight.account]?.lastError }
        var metadata: Logger.Metadata = [
            "account": "\(flight.account)", "operation": "\(flight.operation.rawValue)", "outcome": "\(what)",
            "reason": "\(failure.message)",
        ]
        if let error, error.failure.message != failure.message { metadata["meaning"] = "\(error.failure.message)" }
        if let retryAt = error?.retryAt { metadata["retry_at"] = "\(retryAt.rfc3339)" }
        log.warning("tokens not renewed", metadata: metadata)
    }
}
