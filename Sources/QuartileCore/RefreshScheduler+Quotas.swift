import OrderedCollections

// MARK: - What the API asked of a subscription key

extension RefreshScheduler {
    /// The accounts of one subscription key, and until when the API asked them to stay away.
    struct Quota: Sendable {
        var members: Set<AccountName> = []
        var stayAwayUntil: BootTime?
    }

    /// Others of a key that was asked to stay away come back spread over this part of the wait, not all at once.
    private static let spread = 0.1

    /// Puts an account where its subscription key is counted: what the old key was asked is nothing to the new one.
    mutating func join(_ scope: QuotaScope, _ name: AccountName) {
        guard entries[name]?.scope != scope else { return }
        leaveQuota(name)
        quotas[scope, default: Quota()].members.insert(name)
        entries[name]?.scope = scope
        entries[name]?.machine.retryAfter = quotas[scope]?.stayAwayUntil
    }

    /// Forgets where an account is counted.
    mutating func leaveQuota(_ name: AccountName) {
        guard let scope = entries[name]?.scope else { return }
        quotas[scope]?.members.remove(name)
        if quotas[scope]?.members.isEmpty == true { quotas[scope] = nil }
        entries[name]?.scope = nil
    }

    /// The API asked to be left alone, in answer to something that no flight had asked of it.
    public mutating func stayAway(
        _ account: Account,
        for span: Milliseconds,
        now: Moment,
        using random: inout some RandomNumberGenerator
    ) -> Effects {
        var effects = Effects()
        share(now.boot + span, of: account.quotaScope, now: now, using: &random, into: &effects)
        return effects
    }

    /// Tells the others of the same key until when the API asked an account to stay away. What that account was told of
    /// another's wait is not to be passed on: it has its spread already, and would grow by another.
    mutating func share(
        _ until: BootTime,
        from name: AccountName,
        now: Moment,
        using random: inout some RandomNumberGenerator,
        into effects: inout Effects
    ) {
        guard let scope = entries[name]?.scope else { return }
        share(until, of: scope, except: name, now: now, using: &random, into: &effects)
    }

    private mutating func share(
        _ until: BootTime,
        of scope: QuotaScope,
        except name: AccountName? = nil,
        now: Moment,
        using random: inout some RandomNumberGenerator,
        into effects: inout Effects
    ) {
        guard until > quotas[scope]?.stayAwayUntil ?? now.boot else { return }
        quotas[scope]?.stayAwayUntil = until
        let spread = (until - now.boot) * RefreshScheduler.spread
        for other in (quotas[scope]?.members ?? []).sorted() where other != name {
            let until = until + spread * .random(in: 0..<1, using: &random)
            if entries[other]?.machine.stayAway(until: until, now: now) == true {
                finish(other, .none, now: now, into: &effects)
            }
        }
    }
}
