import Glibc
import QuartileWire
import Testing

/// Runs the program beside a daemon that answers every request of a method alike.
func runProgram(
    _ arguments: [String],
    _ answers: [Method: Result<JSON, WireError>] = [:],
    environment: [String: String] = [:],
    input: String = "",
    outputPath: String? = nil
) -> (outcome: Outcome, requests: [Request]) {
    let daemon = FakeDaemon { request, _ in
        let answer = Method(rawValue: request.method).flatMap { answers[$0] }
        return .send(
            Response(id: request.id ?? .null, outcome: answer ?? .failure(WireError(.internalError, "?"))).line
        )
    }
    defer { daemon.stop() }
    var program = BuiltProgram(input: input, outputPath: outputPath)
    program.environment = ["QUARTILED_SOCKET": daemon.path, "TZ": "UTC"].merging(environment) { $1 }
    return (program.run(arguments), daemon.requests)
}

func wireAccount(_ name: String, _ state: WireAccount.State = .active) -> WireAccount {
    WireAccount(
        account: name,
        apiVersion: .v3,
        baseURL: "http://127.0.0.1:1",
        username: "ada@example.com",
        state: state,
        generation: 1,
        accessExpiresAt: 4_000_000_000,
        refreshExpiresAt: nil,
        nextRefreshAt: nil,
        passwordStored: true,
        offlineOKUntil: nil,
        lastError: nil
    )
}

let token: JSON = [
    "account": "x",
    "access_token": "eyJ.abc.def",
    "token_type": "Bearer",
    "expires_at": "2026-11-25T10:00:00Z",
    "expires_at_epoch": 1_795_600_800,
    "expires_in": 60,
    "generation": 1,
    "subscription_key": "abc123",
    "subscription_key_header": "Subscription-Key",
]

func list(_ names: String...) -> [Method: Result<JSON, WireError>] {
    [.listAccounts: .success(ListAccountsResult(accounts: names.map { wireAccount($0) }).json)]
}

let credentials = #"{"username":"ada@example.com","password":"hunter2","subscription_key":"abc123"}"#
