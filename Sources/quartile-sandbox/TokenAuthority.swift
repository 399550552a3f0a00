/// Users and their token families: everything the sandbox knows, apart from HTTP. Times are arguments.
struct TokenAuthority: Sendable {
    /// A token set just made.
    struct Grant: Sendable {
        let family: Int
        let generation: Int
        let accessToken: String
        let refreshToken: String
        let accessLifetime: Double
        let refreshLifetime: Double
        /// The moment of issue on the server's skewed clock.
        let stampedAt: Double
    }

    /// Where a token belongs.
    struct Position: Sendable {
        let family: Int
        let generation: Int
    }

    /// What a refresh came to.
    enum RefreshResult: Sendable {
        case granted(Grant, TokenFamily.Reception)
        case refused(TokenFamily.Reception)
        /// No such token was ever issued.
        case unknown
    }

    var settings: SandboxSettings
    private(set) var users: [String: User] = [:]
    private(set) var families: [TokenFamily] = []
    private let mint = TokenMint()
    private var refreshIndex: [TokenFingerprint: Position] = [:]
    private var accessIndex: [TokenFingerprint: Position] = [:]
    private var familiesOfUser: [String: [Int]] = [:]

    init(settings: SandboxSettings) {
        self.settings = settings
    }

    /// Creates the user, or replaces password, key and key state of one that is there. Families stay.
    mutating func put(_ user: User) {
        users[user.username] = user
    }

    /// The key that requests of this user must carry.
    func subscriptionKey(of user: User) -> String {
        user.subscriptionKey ?? settings.subscriptionKey
    }

    /// Whether anybody has this key.
    func isAnybodysKey(_ key: String) -> Bool {
        key == settings.subscriptionKey || users.values.contains { $0.subscriptionKey == key }
    }

    /// The position of a refresh token, dead or alive.
    func position(ofRefreshToken token: TokenFingerprint) -> Position? { refreshIndex[token] }

    /// The position of an access token, dead or alive.
    func position(ofAccessToken token: TokenFingerprint) -> Position? { accessIndex[token] }

    /// The family with this id.
    func family(_ id: Int) -> TokenFamily { families[id - 1] }

    /// Starts a family for a user whose password was right, or who uses the developer portal.
    mutating func startFamily(for username: String, now: Double, isLogin: Bool) throws -> Grant {
        if isLogin && settings.loginRevokes { revokeFamilies(of: username, .login) }
        let family = TokenFamily(id: families.count + 1, username: username)
        families.append(family)
        familiesOfUser[username, default: []].append(family.id)
        return try issue(in: family.id, now: now)
    }

    /// Presents a refresh token.
    mutating func refresh(_ token: TokenFingerprint, now: Double) throws -> RefreshResult {
        guard let position = refreshIndex[token] else { return .unknown }
        let reception = families[position.family - 1].present(
            generation: position.generation,
            mode: settings.mode,
            grace: settings.grace,
            now: now
        )
        switch reception {
        case .rotates, .rotatesAgain:
            return .granted(try issue(in: position.family, now: now), reception)
        case .revokes, .expired, .dead:
            return .refused(reception)
        }
    }

    /// Whether an access token works now.
    func accepts(accessToken: TokenFingerprint, now: Double) -> Bool {
        guard let position = accessIndex[accessToken] else { return false }
        return family(position.family).accepts(generation: position.generation, now: now)
    }

    /// Kills all families of a user and says how many were alive.
    @discardableResult
    mutating func revokeFamilies(of username: String, _ reason: TokenFamily.Revocation) -> Int {
        var count = 0
        for id in familiesOfUser[username] ?? [] where families[id - 1].revocation == nil {
            families[id - 1].revoke(reason)
            count += 1
        }
        return count
    }

    private mutating func issue(in family: Int, now: Double) throws -> Grant {
        let generation = families[family - 1].issue(
            accessLifetime: settings.accessLifetime,
            refreshLifetime: settings.refreshLifetime,
            now: now
        )
        let stampedAt = now + settings.clockSkew
        let grant = Grant(
            family: family,
            generation: generation,
            accessToken: try mint.accessToken(
                subject: families[family - 1].username,
                issuedAt: stampedAt,
                lifetime: settings.accessLifetime
            ),
            refreshToken: mint.refreshToken(),
            accessLifetime: settings.accessLifetime,
            refreshLifetime: settings.refreshLifetime,
            stampedAt: stampedAt
        )
        let position = Position(family: family, generation: generation)
        refreshIndex[TokenFingerprint(of: grant.refreshToken)] = position
        accessIndex[TokenFingerprint(of: grant.accessToken)] = position
        return grant
    }
}
