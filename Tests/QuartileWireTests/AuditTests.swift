import QuartileWire
import Testing

@Suite struct `An audit` {
    private let result = AuditResult(entries: [
        AuditResult.Entry(
            time: 1_795_600_800,
            count: 2,
            pid: 7,
            uid: 1_000,
            executable: "/usr/bin/curl",
            unit: nil,
            account: "x",
            method: "get_token",
            outcome: "ok"
        )
    ])

    @Test func `is written in the protocol's words`() {
        let expected =
            #"{"entries":[{"time":"2026-11-25T10:00:00Z","count":2,"pid":7,"uid":1000,"executable":"/usr/bin/curl","#
            + #""unit":null,"account":"x","method":"get_token","outcome":"ok"}]}"#
        #expect(result.json.text == expected)
    }

    @Test func `reads back the same`() throws {
        #expect(try AuditResult(json: result.json) == result)
    }

    @Test func `params read back the same`() throws {
        for params in [AuditParams(), AuditParams(account: "x"), AuditParams(account: "x", limit: 7)] {
            #expect(try AuditParams(json: params.json) == params)
        }
    }

    @Test(arguments: [
        #"{"limit":0}"#, #"{"limit":-1}"#, #"{"limit":"1"}"#, #"{"limit":1.5}"#, #"{"account":""}"#, #"{"account":7}"#,
        #"{"since":1}"#, "[]",
    ])
    func `takes no other params`(text: String) throws {
        let json = try JSON.parse(text.utf8)
        let error = #expect(throws: WireError.self) { try AuditParams(json: json) }
        #expect(error?.code == .invalidParams)
    }
}
