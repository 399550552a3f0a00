extension Configuration {
    /// Takes over one setting of a file.
    mutating func apply(_ setting: ConfigurationSetting) throws(ConfigurationError) {
        if try access.apply(setting) { return }
        let keys = ConfigurationKey.all
        guard let key = keys.first(where: { $0.name == setting.name && setting.names.count == 2 }) else {
            if setting.names.count == 1, case .empty = setting.value,
                keys.contains(where: { $0.name.hasPrefix(setting.name + ".") })
            {
                // A section whose keys are all commented out.
                return
            }
            throw ConfigurationError("\(setting.place): \(Configuration.complaint(unknown: setting))")
        }
        switch setting.value {
        case .text(let text): try apply(text, to: key, place: "\(setting.place): `\(key.name)`")
        case .empty:
            throw ConfigurationError(
                "\(setting.place): `\(key.name)` has no value; remove it, or let it be \(key.expected)"
            )
        case .list, .map:
            throw ConfigurationError("\(setting.place): `\(key.name)` must be \(key.expected), not a list or a map")
        }
    }

    /// Takes over the settings of the environment. An empty variable counts as one that is not set.
    mutating func apply(environment: [String: String]) throws(ConfigurationError) {
        for key in ConfigurationKey.all {
            guard let text = environment[key.environmentName], !text.isEmpty else { continue }
            try apply(text, to: key, place: key.environmentName)
        }
        let known = ConfigurationKey.all.map(\.environmentName) + PathRules.variables
        for name in environment.keys.sorted() where environment[name] != "" {
            if let key = AccessSettings.keyWithoutVariable(name) {
                throw ConfigurationError(
                    "\(printable(name)): `\(key)` is set in the configuration file only; unset this"
                )
            }
            // Beside settings there are variables for paths, and what others add; what begins as settings do is one.
            let prefixes = Set(ConfigurationKey.all.map { ConfigurationKey.environmentName(of: $0.section) + "_" })
            guard prefixes.contains(where: name.hasPrefix), !known.contains(name) else { continue }
            let hint = nearest(to: name, among: known).map { "did you mean \($0)?" } ?? "unset it"
            throw ConfigurationError("\(printable(name)): there is no setting of this name; \(hint)")
        }
    }

    private mutating func apply(
        _ text: String,
        to key: ConfigurationKey,
        place: String
    ) throws(ConfigurationError) {
        switch key.read(text, &self) {
        case .read: break
        case .wrong: throw ConfigurationError("\(place) must be \(key.expected)")
        case .refused(let reason): throw ConfigurationError("\(place) must be \(key.expected): \(reason)")
        }
    }

    private static func complaint(unknown setting: ConfigurationSetting) -> String {
        let name = setting.name
        let keys = ConfigurationKey.all
        if let key = keys.first(where: { $0.name == name }) {
            return "write `\(key.name)` in two levels: `\(key.section):`, and under it `\(key.leaf):`"
        }
        if let key = keys.first(where: { $0.section == name }) {
            return "`\(name)` must be a map of keys, such as `\(key.leaf)`"
        }
        let names = keys.map(\.name) + AccessSettings.keys
        let hint = nearest(to: name, among: names).map { "did you mean `\($0)`?" }
        return "there is no key `\(name)`; " + (hint ?? "the keys are " + names.joined(separator: ", "))
    }
}

extension ConfigurationKey {
    /// `api` of `api.base_url`.
    var section: String { String(name.prefix { $0 != "." }) }
    /// `base_url` of `api.base_url`.
    var leaf: String { String(name.drop { $0 != "." }.dropFirst()) }
}

/// The candidate that takes the fewest changed letters to become `name`, where that is at most a third of them.
private func nearest(to name: String, among candidates: [String]) -> String? {
    let best = candidates.map { (name: $0, distance: editDistance(name, $0)) }.min { $0.distance < $1.distance }
    guard let best, best.distance <= max(2, name.count / 3) else { return nil }
    return best.name
}

/// How many letters must be put in, left out or replaced to make one text of the other (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
