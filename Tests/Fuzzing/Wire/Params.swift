import FuzzSupport
import QuartileWire

/// Checks what `method` would make of `params`, whatever method they were sent to.
func checkParams(_ params: JSON?, of method: Method) {
    switch method {
    case .hello, .listAccounts, .keyStatus, .keyRotate:
        check(params) { json throws(WireError) in
            try NoParams(json: json, of: method)
        } writing: { _ in
            [:]
        }
    case .getToken:
        check(params, GetTokenParams.init(json:), writing: \.json) {
            isName($0.account) && ($0.minValid ?? 0) >= 0 && ($0.maxWait ?? 0) >= 0
                && ($0.minValid ?? 0) <= GetTokenParams.longestMinValid
                && ($0.maxWait ?? 0) <= GetTokenParams.longestMaxWait
        }
    case .login:
        check(params, LoginParams.init(json:), writing: \.json) {
            isName($0.account) && !$0.username.isEmpty && !$0.password.isEmpty && isKey($0.subscriptionKey)
                && $0.apiVersion != .v1
        }
    case .importTokens:
        check(params, ImportTokensParams.init(json:), writing: \.json) {
            isName($0.account) && isKey($0.subscriptionKey) && $0.tokenSet.object != nil
        }
    case .updateAccount:
        check(params, UpdateAccountParams.init(json:), writing: \.json) {
            isName($0.account) && isKey($0.subscriptionKey)
                && ($0.subscriptionKey != nil || $0.username != nil || $0.password != nil)
        }
    case .status:
        check(params, StatusParams.init(json:), writing: \.json) { $0.account.map(isName) ?? true }
    case .audit:
        check(params, AuditParams.init(json:), writing: \.json) {
            ($0.account.map(isName) ?? true) && ($0.limit ?? 1) >= 1
        }
    case .refresh, .validate, .logout:
        check(params) { json throws(WireError) in
            try AccountParams(json: json, of: method)
        } writing: {
            $0.json
        } sound: {
            isName($0.account)
        }
    case .rejectToken:
        check(params, RejectTokenParams.init(json:), writing: \.json) {
            switch $0.rejected {
            case .generation(let generation): isName($0.account) && generation >= 1
            case .accessToken(let token): isName($0.account) && !token.isEmpty
            }
        }
    }
}

private func check<Params: Equatable>(
    _ given: JSON?,
    _ read: (JSON?) throws(WireError) -> Params,
    writing write: (Params) -> JSON,
    sound: (Params) -> Bool = { _ in true }
) {
    do throws(WireError) {
        let params = try read(given)
        expect(sound(params), "params keep their rules: \(Params.self)")
        let written = write(params)
        let again = require("params read: \(Params.self)") { () throws(WireError) in try read(written) }
        expect(again == params, "params read as they were written: \(Params.self)")
        expect(write(again).bytes == written.bytes, "params read as they were written, byte by byte: \(Params.self)")
    } catch {
        expect(error.code == .invalidParams, "what is wrong with params is invalid_params: \(Params.self)")
        check(error)
    }
}

private func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
        && name.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "A"..."Z", "a"..."z", "0"..."9", ".", "_", "@", "+", "-": true
            default: false
            }
        }
}

private func isKey(_ key: String?) -> Bool {
    guard let key else { return true }
    return !key.isEmpty && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
}
