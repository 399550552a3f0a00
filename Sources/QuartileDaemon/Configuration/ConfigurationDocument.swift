import Yams

/// One line of a configuration file that sets something.
struct ConfigurationSetting: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case text(String)
        case empty
        case list([Element])
        case map([ConfigurationSetting])
    }

    /// One element of a list.
    struct Element: Sendable, Equatable {
        var value: Value
        /// File and line.
        var place: String
    }

    /// The names that lead to it: section and key, or one name where something other than a map stands at the top. In
    /// a map within a map there are more.
    var names: [String]
    var value: Value
    /// File and line.
    var place: String

    /// The names as they are written in texts.
    var name: String { names.map(printable).joined(separator: ".") }
}

/// Reads configuration files as YAML: the settings of two levels, each with what is below it.
enum ConfigurationDocument {
    /// How many levels are looked at, which is one more than any key has: `accounts.NAME.allow.users` and its elements.
    private static let levels = 6

    /// The most aliases (`*name`) in a file. Each may stand for many others, and the keys of a map are compared whole: a
    /// page of them takes longer than anybody lives.
    static let mostAliases = 10

    /// The settings in `text`, in their order; `path` is for errors.
    static func settings(in text: String, path: String) throws(ConfigurationError) -> [ConfigurationSetting] {
        guard let root = try root(of: text, path: path), value(of: root) != .empty else { return [] }
        guard case .mapping(let sections) = root else {
            throw ConfigurationError(
                "\(place(root, path)): the configuration must be a map, such as `log: {level: info}`"
            )
        }
        var settings: [ConfigurationSetting] = []
        for (key, node) in sections {
            let setting = try self.setting(key, node, below: [], path: path)
            // An empty map sets nothing.
            if case .map(let members) = setting.value { settings += members } else { settings.append(setting) }
        }
        return settings
    }

    private static func setting(
        _ key: Node,
        _ node: Node,
        below names: [String],
        path: String
    ) throws(ConfigurationError) -> ConfigurationSetting {
        guard case .scalar(let scalar) = key else {
            throw ConfigurationError("\(place(key, path)): a key must be a name, such as `api`")
        }
        let names = names + [scalar.string]
        var setting = ConfigurationSetting(names: names, value: value(of: node), place: place(key, path))
        guard names.count < levels else { return setting }
        switch node {
        case .mapping(let members):
            var settings: [ConfigurationSetting] = []
            for (key, node) in members { settings.append(try self.setting(key, node, below: names, path: path)) }
            setting.value = .map(settings)
        case .sequence(let elements):
            setting.value = .list(elements.map { .init(value: value(of: $0), place: place($0, path)) })
        case .scalar, .alias: break
        }
        return setting
    }

    private static func root(of text: String, path: String) throws(ConfigurationError) -> Node? {
        guard countOfAliases(in: text) <= mostAliases else {
            throw ConfigurationError(
                "\(path): the configuration holds more than \(mostAliases) aliases such as `*name`; write out their values"
            )
        }
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw complaint(error, path: path)
        } catch {
            throw ConfigurationError("\(path): the configuration file is not YAML")
        }
    }

    /// How many aliases there are at most: wherever `*` stands before a name, in comments and texts as well.
    private static func countOfAliases(in text: String) -> Int {
        zip(text.utf8, text.utf8.dropFirst()).count { byte, next in
            guard byte == UInt8(ascii: "*") else { return false }
            switch next {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                return true
            default: return false
            }
        }
    }

    /// The library's own texts show the line in question, whole, and more than one line.
    private static func complaint(_ error: YamlError, path: String) -> ConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationError("\(path):\(mark.line): this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            ConfigurationError(
                "\(path):\(context.mark.line): `\(printable(keys.first ?? ""))` is there twice; keep one of them"
            )
        case .reader(let problem, _, _, _):
            ConfigurationError("\(path): this is not YAML: \(problem)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            ConfigurationError("\(path): the configuration file is not YAML")
        }
    }

    /// What a node is, without what is in it.
    private static func value(of node: Node) -> ConfigurationSetting.Value {
        switch node {
        case .scalar(let scalar):
            scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
                ? .empty : .text(scalar.string)
        case .sequence: .list([])
        case .mapping: .map([])
        // Aliases are replaced by what they stand for when a document is composed.
        case .alias: .empty
        }
    }

    private static func place(_ node: Node, _ path: String) -> String {
        node.mark.map { "\(path):\($0.line)" } ?? path
    }
}
