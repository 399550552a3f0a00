import Foundation
import QuartileCore
import Testing

@testable import QuartileDaemon

struct SealedValueTests {
    let key = Secret(bytes: Array(repeating: 1, count: 32))
    let wrapped: WrappedDataKey
    let sealer: Sealer
    let place = Sealer.Place(
        account: "ada",
        baseURL: "https://api.example.com",
        generation: 3,
        column: .accessToken
    )

    init() { (wrapped, sealer) = WrappedDataKey.make(key: key) }

    @Test(arguments: [0, 1, 14, 15, 16, 2000, 1 << 20])
    func valueOpensAtItsPlace(count: Int) throws {
        let secret = Secret(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
        let sealed = sealer.seal(secret, for: place)
        #expect(sealed.count == count + 29)
        #expect(sealed.first == 1)
        #expect(try sealer.open(sealed, at: place) == secret)
    }

    @Test func sealingTwiceGivesTwoValues() {
        #expect(sealer.seal(Secret("x"), for: place) != sealer.seal(Secret("x"), for: place))
    }

    @Test func valueDoesNotOpenElsewhere() {
        let sealed = sealer.seal(Secret("x"), for: place)
        var account = place
        account.account = "adb"
        var host = place
        host.baseURL = "https://api.example.co"
        var generation = place
        generation.generation = 4
        var column = place
        column.column = .refreshToken
        // The same letters in a row, split elsewhere.
        var shifted = place
        shifted.account = "adah"
        shifted.baseURL = "ttps://api.example.com"
        for other in [account, host, generation, column, shifted] {
            #expect(throws: SealError.self) { try sealer.open(sealed, at: other) }
        }
    }

    @Test func valueWithAnyByteChangedOrMissingDoesNotOpen() {
        let sealed = sealer.seal(Secret("secret"), for: place)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x10
            #expect(throws: SealError.self) { try sealer.open(changed, at: place) }
            #expect(throws: SealError.self) { try sealer.open(sealed.prefix(index), at: place) }
        }
        #expect(throws: SealError.self) { try sealer.open(sealed + [0], at: place) }
    }

    @Test func valueOfAnotherDataKeyDoesNotOpen() {
        let (_, other) = WrappedDataKey.make(key: key)
        #expect(throws: SealError.self) { try other.open(sealer.seal(Secret("x"), for: place), at: place) }
    }

    @Test func dataKeyOpensWithItsKey() throws {
        let again = try wrapped.unwrap(key: key)
        #expect(try again.open(sealer.seal(Secret("x"), for: place), at: place) == Secret("x"))
        #expect(again.fingerprint(of: Secret("x")) == sealer.fingerprint(of: Secret("x")))
    }

    @Test func wrongKeyIsToldApartFromDamage() {
        let other = Secret(bytes: Array(repeating: 2, count: 32))
        #expect(
            throws: WrappedDataKey.UnwrapError.wrongKey(
                needed: WrappedDataKey.keyID(of: key),
                given: WrappedDataKey.keyID(of: other)
            )
        ) { try wrapped.unwrap(key: other) }
        var damaged = wrapped
        damaged.wrapped[20] ^= 1
        #expect(throws: WrappedDataKey.UnwrapError.damaged) { try damaged.unwrap(key: key) }
        var unproven = wrapped
        unproven.canary[20] ^= 1
        #expect(throws: WrappedDataKey.UnwrapError.damaged) { try unproven.unwrap(key: key) }
    }

    @Test func canaryOfAnotherDatabaseIsDamage() {
        var mixed = wrapped
        mixed.canary = WrappedDataKey.make(key: key).0.canary
        #expect(throws: WrappedDataKey.UnwrapError.damaged) { try mixed.unwrap(key: key) }
    }

    @Test func fingerprintIsEightHexDigitsOfThisDatabase() {
        let print = sealer.fingerprint(of: Secret("x"))
        #expect(print.count == 8)
        #expect(print.allSatisfy { $0.isHexDigit })
        #expect(print == sealer.fingerprint(of: Secret("x")))
        #expect(print != sealer.fingerprint(of: Secret("y")))
        #expect(print != WrappedDataKey.make(key: key).1.fingerprint(of: Secret("x")))
    }
}
