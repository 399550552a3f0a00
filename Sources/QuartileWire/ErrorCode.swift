/// The errors of the protocol: each has a number, a name and an exit code of `quartilectl`.
public enum ErrorCode: Sendable, Hashable, CaseIterable {
    /// A line is too long or is not JSON.
    case parseError
    /// JSON, but not a request.
    case invalidRequest
    /// There is no method of this name.
    case methodNotFound
    /// A parameter is wrong, missing or unknown.
    case invalidParams
    /// The daemon's own fault.
    case internalError
    /// There is no such account, or none for this caller.
    case accountNotFound
    /// The refresh token is gone and no stored password works: a person has to log in.
    case loginRequired
    /// No token is fit to serve, and the API can't be reached, is failing or throttling.
    case upstreamUnavailable
    /// The API refused what the user gave.
    case upstreamRejected
    /// `max_wait` ran out while a request upstream was under way.
    case timeout
    /// The key source gives no new key that can be used; nothing was changed.
    case keyUnusable
    /// This caller may not do this.
    case permissionDenied
    /// The database can't be written or read; nothing was lost.
    case storageFailed
    /// A limit on connections or requests was reached.
    case overloaded
    /// The key source has no key now, and perhaps later; nothing was changed.
    case keyNotReady
}

extension ErrorCode {
    /// `error.code` on the wire.
    public var number: Int64 {
        switch self {
        case .parseError: -32700
        case .invalidRequest: -32600
        case .methodNotFound: -32601
        case .invalidParams: -32602
        case .internalError: -32603
        case .accountNotFound: -32001
        case .loginRequired: -32002
        case .upstreamUnavailable: -32003
        case .upstreamRejected: -32004
        case .timeout: -32005
        case .permissionDenied: -32006
        case .keyUnusable: -32007
        case .storageFailed: -32008
        case .overloaded: -32009
        case .keyNotReady: -32010
        }
    }

    /// `error.data.code` on the wire.
    public var name: String {
        switch self {
        case .parseError: "parse_error"
        case .invalidRequest: "invalid_request"
        case .methodNotFound: "method_not_found"
        case .invalidParams: "invalid_params"
        case .internalError: "internal_error"
        case .accountNotFound: "account_not_found"
        case .loginRequired: "login_required"
        case .upstreamUnavailable: "upstream_unavailable"
        case .upstreamRejected: "upstream_rejected"
        case .timeout: "timeout"
        case .permissionDenied: "permission_denied"
        case .keyUnusable: "key_unusable"
        case .storageFailed: "storage_failed"
        case .overloaded: "overloaded"
        case .keyNotReady: "key_not_ready"
        }
    }

    /// What `quartilectl` exits with: the codes of sysexits.h.
    public var exitCode: Int32 {
        switch self {
        case .parseError, .invalidRequest, .methodNotFound, .invalidParams: 76
        case .internalError: 70
        case .accountNotFound: 67
        case .loginRequired, .permissionDenied: 77
        case .upstreamUnavailable, .timeout, .overloaded, .keyNotReady: 75
        case .upstreamRejected: 65
        case .storageFailed: 74
        case .keyUnusable: 78
        }
    }

    /// The code with this number, or nil if the protocol has none.
    public init?(number: Int64) {
        guard let code = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = code
    }

    /// The code with this name, or nil if the protocol has none.
    public init?(name: String) {
        guard let code = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = code
    }
}
