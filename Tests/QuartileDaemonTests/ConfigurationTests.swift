import Glibc
import Logging
import QuartileCore
import Testing

@testable import QuartileDaemon

@Suite struct ConfigurationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func load(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
        let path = try directory.write(text, to: "config.yaml")
        return try Configuration.load(file: ConfigurationFile(path: path, isNamed: true), environment: environment)
    }

    /// The error's line, with the directory's path left out.
    private func complaint(_ text: String, _ environment: [String: String] = [:]) throws -> String {
        let error = #expect(throws: ConfigurationError.self) { try load(text, environment) }
        let message = try #require(error).message
        #expect(!message.contains("\n"))
        return message.replacing(directory.path + "/", with: "")
    }

    @Test func anAbsentFileThatNobodyNamedMeansDefaults() throws {
        for path in [directory.file("config.yaml"), directory.file("none/config.yaml")] {
            let file = ConfigurationFile(path: path, isNamed: false)
            #expect(try Configuration.load(file: file, environment: [:]) == Configuration())
        }
    }

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "~", "api:\n", "api:\n  # base_url: x\nlog: {}\n"])
    func aFileThatSetsNothingMeansDefaults(text: String) throws {
        #expect(try load(text) == Configuration())
    }

    @Test func theDefaultsAreTheDocumentedOnes() {
        let configuration = Configuration()
        #expect(configuration.apiBaseURL == "https://api.quartile.com")
        #expect(configuration.apiVersion == .v2)
        #expect(configuration.apiTimeout == .seconds(30))
        #expect(configuration.apiCAFile == nil)
        #expect(configuration.apiProxy == nil)
        #expect(configuration.refreshMargin == .hours(1))
        #expect(configuration.loginBudget == 12)
        #expect(configuration.keySource == nil)
        #expect(configuration.keyCommand == nil)
        #expect(configuration.logLevel == .info)
    }

    @Test func everyKeyIsReadFromAFile() throws {
        let roots = try directory.write("", to: "roots.pem")
        let configuration = try load(
            """
            api:
              base_url: http://127.0.0.1:8080/
              version: v3
              timeout: 10
              ca_file: \(roots)
              proxy: http://proxy.example.com:3128
            refresh: {margin: 15m}
            key: {source: command, command: "pass show quartiled | head -n 1"}
            login:
              budget: "7"
            log:
              level: debug
            """
        )
        #expect(configuration.apiBaseURL == "http://127.0.0.1:8080")
        #expect(configuration.apiVersion == .v3)
        #expect(configuration.apiTimeout == .seconds(10))
        #expect(configuration.apiCAFile == roots)
        #expect(configuration.apiProxy == ProxyAddress(host: "proxy.example.com", port: 3_128))
        #expect(configuration.refreshMargin == .minutes(15))
        #expect(configuration.loginBudget == 7)
        #expect(configuration.keySource == .command)
        #expect(configuration.keyCommand == "pass show quartiled | head -n 1")
        #expect(configuration.logLevel == .debug)
    }

    @Test func everyKeyIsReadFromTheEnvironmentAndWinsOverTheFile() throws {
        let roots = try directory.write("", to: "roots.pem")
        let configuration = try load(
            """
            api: {base_url: "https://file.example.com", version: v1, timeout: 1s, proxy: "http://file.example.com:1"}
            refresh: {margin: 1s}
            login: {budget: 1}
            key: {source: file, command: other}
            log: {level: error}
            """,
            [
                "QUARTILED_API_BASE_URL": "https://environment.example.com",
                "QUARTILED_API_VERSION": "v3",
                "QUARTILED_API_TIMEOUT": "2s",
                "QUARTILED_API_CA_FILE": roots,
                "QUARTILED_API_PROXY": "http://[::1]:2",
                "QUARTILED_REFRESH_MARGIN": "2m",
                "QUARTILED_LOGIN_BUDGET": "2",
                "QUARTILED_KEY_SOURCE": "credential",
                "QUARTILED_KEY_COMMAND": "secret-tool lookup service quartiled",
                "QUARTILED_LOG_LEVEL": "warning",
            ]
        )
        #expect(configuration.apiBaseURL == "https://environment.example.com")
        #expect(configuration.apiVersion == .v3)
        #expect(configuration.apiTimeout == .seconds(2))
        #expect(configuration.apiCAFile == roots)
        #expect(configuration.apiProxy == ProxyAddress(host: "::1", port: 2))
        #expect(configuration.refreshMargin == .minutes(2))
        #expect(configuration.loginBudget == 2)
        #expect(configuration.keySource == .credential)
        #expect(configuration.keyCommand == "secret-tool lookup service quartiled")
        #expect(configuration.logLevel == .warning)
    }

    @Test func anEmptyVariableIsNotSet() throws {
        #expect(try load("log: {level: error}", ["QUARTILED_LOG_LEVEL": ""]).logLevel == .error)
    }

    @Test(arguments: [
        ("api:\n  base_url: ftp://x", "config.yaml:2: `api.base_url` must be an address such as https://"),
        (
            "api:\n  base_url: http://api.quartile.com",
            "config.yaml:2: `api.base_url` must be an address such as https://"
        ),
        ("api: {version: v4}", "config.yaml:1: `api.version` must be v1, v2 or v3"),
        ("api: {timeout: soon}", "config.yaml:1: `api.timeout` must be a duration from 1s to 1h, such as 30s"),
        ("api: {timeout: 0}", "config.yaml:1: `api.timeout` must be a duration from 1s to 1h, such as 30s"),
        ("api: {timeout: 2h}", "config.yaml:1: `api.timeout` must be a duration from 1s to 1h, such as 30s"),
        ("api: {ca_file: roots.pem}", "config.yaml:1: `api.ca_file` must be the absolute path of a PEM file"),
        ("api: {ca_file: /nowhere/roots.pem}", "that can be read: No such file or directory"),
        ("api: {proxy: 'http://user:pw@proxy:1'}", "config.yaml:1: `api.proxy` must be http://HOST:PORT"),
        ("api: {proxy: 'http://proxy'}", "config.yaml:1: `api.proxy` must be http://HOST:PORT"),
        ("api: {proxy: 'http://[::1]'}", "config.yaml:1: `api.proxy` must be http://HOST:PORT"),
        ("api: {proxy: 'proxy:3128'}", "config.yaml:1: `api.proxy` must be http://HOST:PORT"),
        ("api: {proxy: 'https://proxy:3128'}", "config.yaml:1: `api.proxy` must be http://HOST:PORT"),
        ("refresh: {margin: -1h}", "config.yaml:1: `refresh.margin` must be a duration from 1s to 365d, such as 1h"),
        ("refresh: {margin: 0s}", "config.yaml:1: `refresh.margin` must be a duration from 1s to 365d, such as 1h"),
        ("\n\nlogin: {budget: 0}", "config.yaml:3: `login.budget` must be a whole number from 1 to 1000000"),
        ("login: {budget: many}", "config.yaml:1: `login.budget` must be a whole number from 1 to 1000000"),
        ("log: {level: yes}", "config.yaml:1: `log.level` must be one of trace, debug, info, notice, warning, error"),
        ("log: {level: Info}", "config.yaml:1: `log.level` must be one of trace"),
        ("log:\n  level:", "config.yaml:2: `log.level` has no value; remove it, or let it be one of trace"),
        ("log: {level: [info]}", "config.yaml:1: `log.level` must be one of trace"),
        ("api: {timeout: {seconds: 3}}", "such as 30s, not a list or a map"),
    ])
    func aWrongValueIsNamedWithFileLineKeyAndRemedy(text: String, message: String) throws {
        #expect(try complaint(text).contains(message))
    }

    @Test func aWrongValueIsNotRepeated() throws {
        #expect(try !complaint("api: {proxy: 'http://ada:hunter2@proxy:1'}").contains("hunter2"))
        #expect(try !complaint("api: {base_url: 'https://ada:hunter2@host'}").contains("hunter2"))
        #expect(try !complaint("log: {level: hunter2}").contains("hunter2"))
        #expect(try !complaint("a: b\nhunter2").contains("hunter2"))
    }

    @Test(arguments: [
        ("api:\n  base-url: x", "config.yaml:2: there is no key `api.base-url`; did you mean `api.base_url`?"),
        ("api:\n  url: x", "config.yaml:2: there is no key `api.url`; the keys are api.base_url, "),
        ("refesh: {margin: 1h}", "config.yaml:1: there is no key `refesh.margin`; did you mean `refresh.margin`?"),
        ("quite: {different: 1}", "config.yaml:1: there is no key `quite.different`; the keys are api.base_url, "),
        ("verbose: true", "config.yaml:1: there is no key `verbose`; "),
        ("api.timeout: 3s", "config.yaml:1: write `api.timeout` in two levels: `api:`, and under it `timeout:`"),
        ("api: https://x", "config.yaml:1: `api` must be a map of keys, such as `base_url`"),
        ("api: [1]", "config.yaml:1: `api` must be a map of keys, such as `base_url`"),
        ("api: {'tim\\u0007eout': 3}", "config.yaml:1: there is no key `api.tim"),
        ("api: {\"tim\\u0007eout\": 3}", "config.yaml:1: there is no key `api.tim?eout`; did you mean `api.timeout`?"),
        ("api: {[a]: b}", "config.yaml:1: a key must be a name, such as `api`"),
        ("- api", "config.yaml:1: the configuration must be a map, such as `log: {level: info}`"),
        ("text", "config.yaml:1: the configuration must be a map, such as `log: {level: info}`"),
    ])
    func anUnknownKeyIsNamedWithARemedy(text: String, message: String) throws {
        #expect(try complaint(text).hasPrefix(message))
    }

    @Test(arguments: [
        ("api:\n  timeout: 1s\n  timeout: 2s", "config.yaml:2: `timeout` is there twice; keep one of them"),
        ("log: {level: info}\nlog: {level: debug}", "config.yaml:1: `log` is there twice; keep one of them"),
    ])
    func aDuplicateKeyIsRefused(text: String, message: String) throws {
        #expect(try complaint(text) == message)
    }

    @Test(arguments: [
        ("api: {", "config.yaml:2: this is not YAML: "),
        ("api:\n\t- x", "config.yaml:2: this is not YAML: "),
        ("a: b: c", "config.yaml:1: this is not YAML: "),
        ("log: *nothing", "config.yaml:1: this is not YAML: found undefined alias"),
        (
            "log: {level: info}\n---\nlog: {level: info}\n",
            "config.yaml:2: this is not YAML: but found another document"
        ),
        ("\u{1}", "config.yaml: this is not YAML: "),
    ])
    func whatIsNotYAMLIsNamedWithItsLine(text: String, message: String) throws {
        #expect(try complaint(text).hasPrefix(message))
    }

    @Test func nestingWithoutEndIsAnError() throws {
        #expect(try complaint(String(repeating: "[", count: 200_000)).contains("not YAML"))
        #expect(try complaint(String(repeating: "- ", count: 200_000)).contains("config.yaml:"))
    }

    @Test func aKeyThatAliasesMakeEndlessIsAnError() throws {
        let levels = zip("bcdefghi", "abcdefgh").map { name, below in
            "\(name): &\(name) [\(Array(repeating: "*\(below)", count: 9).joined(separator: ", "))]"
        }
        let text = (["a: &a [x]"] + levels + ["? *i", ": x"]).joined(separator: "\n")
        #expect(try complaint(text).contains("more than 10 aliases"))
    }

    @Test func aFewAliasesAreRead() throws {
        #expect(try load("log: {level: &level debug}\nlogin: {budget: 7}").logLevel == .debug)
        #expect(try complaint("log: {level: &level debug}\nlogin: {budget: *level}").contains("`login.budget` must be"))
    }

    @Test(arguments: [#"\n"#, #"\e"#, #"\L"#, #"\u202e"#])
    func aNameThatIsNotFitForALineIsChanged(escape: String) throws {
        #expect(try complaint("log: {\"a\(escape)\": b}").contains("`log.a?`"))
    }

    @Test func aVariableThatIsNotFitForALineIsChanged() throws {
        #expect(try complaint("", ["QUARTILED_API_\n": "x"]).hasPrefix("QUARTILED_API_?: there is no setting"))
    }

    @Test func aFileThatIsNotUTF8IsAnError() throws {
        let path = try directory.write(bytes: [0x61, 0xFF, 0xFE], to: "bytes.yaml")
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: ConfigurationFile(path: path, isNamed: false), environment: [:])
        }
        #expect(error?.message == "\(path): the configuration file must be UTF-8 text, in YAML")
    }

    @Test func aFileThatIsTooLargeIsAnError() throws {
        let path = try directory.write(String(repeating: "#", count: 1_048_577), to: "large.yaml")
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: ConfigurationFile(path: path, isNamed: false), environment: [:])
        }
        #expect(error?.message.contains("larger than 1 MiB") == true)
    }

    @Test func aNamedFileThatIsAbsentIsAnError() {
        let path = directory.file("absent.yaml")
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: ConfigurationFile(path: path, isNamed: true), environment: [:])
        }
        #expect(error?.message == "\(path): the configuration file can't be read: No such file or directory")
    }

    @Test func aDirectoryOrFIFOIsAnErrorAndDoesNotBlock() throws {
        try #require(mkfifo(directory.file("fifo"), 0o600) == 0)
        for path in [directory.path, directory.file("fifo")] {
            let error = #expect(throws: ConfigurationError.self) {
                try Configuration.load(file: ConfigurationFile(path: path, isNamed: false), environment: [:])
            }
            #expect(error?.message == "\(path): the configuration must be a regular file, in YAML")
        }
    }

    @Test(arguments: [
        ("QUARTILED_LOG_LEVEL", "loud", "QUARTILED_LOG_LEVEL must be one of trace"),
        ("QUARTILED_API_TIMEOUT", "soon", "QUARTILED_API_TIMEOUT must be a duration from 1s to 1h, such as 30s"),
        ("QUARTILED_API_BASEURL", "x", "QUARTILED_API_BASEURL: there is no setting of this name; did you mean"),
        ("QUARTILED_LOG_LEVLE", "info", "did you mean QUARTILED_LOG_LEVEL?"),
        ("QUARTILED_KEY_SOURCE", "moon", "QUARTILED_KEY_SOURCE must be one of credential, command, file"),
        ("QUARTILED_KEY_SOURCE", "command", "`key.source` is command, and there is no `key.command`"),
        ("QUARTILED_KEY_COMMAND", " \n", "QUARTILED_KEY_COMMAND must be a line of sh"),
        ("QUARTILED_KEY_FILES", "/x", "did you mean QUARTILED_KEY_FILE?"),
    ])
    func aWrongOrUnknownVariableIsNamedWithARemedy(name: String, value: String, message: String) throws {
        #expect(try complaint("", [name: value]).contains(message))
    }

    @Test func variablesForPathsAndOfOthersAreLeftAlone() throws {
        let names = ["SOCKET", "DATABASE", "CONFIG", "KEY_FILE", "LOGIN", "TEST"].map { "QUARTILED_" + $0 }
        let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "/x") })
        #expect(try load("", environment) == Configuration())
    }
}
