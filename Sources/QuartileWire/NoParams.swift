/// The params of `hello` and `list_accounts`, which take none.
public struct NoParams: Sendable, Hashable {
    /// Makes params.
    public init() {}

    /// Checks that `method` was given none; an empty object is fine. Throws `invalid_params`.
    public init(json: JSON?, of method: Method) throws(WireError) {
        _ = try ParamsReader(json, of: method, known: [])
    }
}
