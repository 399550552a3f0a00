import Testing

@testable import quartile_sandbox

@Suite struct TokenFamilyTests {
    private func family() -> TokenFamily {
        var family = TokenFamily(id: 1, username: "ada@example.com")
        #expect(family.issue(accessLifetime: 10, refreshLifetime: 100, now: 1000) == 1)
        return family
    }

    private func present(
        _ family: inout TokenFamily,
        _ generation: Int,
        _ mode: RotationMode,
        now: Double
    ) -> TokenFamily.Reception {
        family.present(generation: generation, mode: mode, grace: 30, now: now)
    }

    @Test(arguments: RotationMode.allCases)
    func anUnspentTokenRotatesInEveryMode(mode: RotationMode) {
        var family = family()
        #expect(present(&family, 1, mode, now: 1001) == .rotates)
        #expect(family.refreshes == 1)
        #expect(family.reuses == 0)
        #expect(family.revocation == nil)
    }

    @Test(arguments: RotationMode.allCases)
    func aTokenPastItsLifeIsExpiredInEveryMode(mode: RotationMode) {
        var family = family()
        #expect(present(&family, 1, mode, now: 1099.9) == .rotates)
        var late = self.family()
        #expect(present(&late, 1, mode, now: 1100) == .expired)
        #expect(late.refreshes == 0)
    }

    @Test func strictReuseKillsTheFamilyAndItsAccessTokens() {
        var family = family()
        #expect(present(&family, 1, .strict, now: 1001) == .rotates)
        #expect(family.issue(accessLifetime: 10, refreshLifetime: 100, now: 1001) == 2)
        #expect(family.accepts(generation: 2, now: 1002))
        #expect(present(&family, 1, .strict, now: 1002) == .revokes)
        #expect(family.revocation == .reuse)
        #expect(!family.accepts(generation: 1, now: 1002))
        #expect(!family.accepts(generation: 2, now: 1002))
        #expect(present(&family, 2, .strict, now: 1003) == .dead)
        #expect(family.reuses == 1)
    }

    @Test func graceLetsASpentTokenWorkForItsPeriodAndThenKillsTheFamily() {
        var family = family()
        #expect(present(&family, 1, .grace, now: 1001) == .rotates)
        _ = family.issue(accessLifetime: 10, refreshLifetime: 100, now: 1001)
        #expect(present(&family, 1, .grace, now: 1031) == .rotatesAgain)
        _ = family.issue(accessLifetime: 10, refreshLifetime: 100, now: 1031)
        // Both sets that came of it are unspent and work.
        #expect(present(&family, 2, .grace, now: 1032) == .rotates)
        #expect(present(&family, 3, .grace, now: 1032) == .rotates)
        #expect(family.revocation == nil)
        // The period counts from the first use, not from the last.
        #expect(present(&family, 1, .grace, now: 1031.1) == .revokes)
        #expect(family.reuses == 2)
    }

    @Test func lenientNeverRevokes() {
        var family = family()
        for now in [1001.0, 1050, 1099] {
            #expect(present(&family, 1, .lenient, now: now) == (now == 1001 ? .rotates : .rotatesAgain))
        }
        #expect(family.revocation == nil)
        #expect(family.reuses == 2)
        #expect(family.refreshes == 3)
    }

    @Test func anAccessTokenWorksUntilItsExpiry() {
        let family = family()
        #expect(family.accepts(generation: 1, now: 1009.9))
        #expect(!family.accepts(generation: 1, now: 1010))
    }

    @Test func theFirstReasonOfARevocationStays() {
        var family = family()
        family.revoke(.login)
        family.revoke(.request)
        #expect(family.revocation == .login)
        #expect(present(&family, 1, .lenient, now: 1001) == .dead)
    }
}
