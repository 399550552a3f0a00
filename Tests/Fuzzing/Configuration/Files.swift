import FuzzSupport

@testable import QuartileDaemon

private let path = "/etc/quartiled.yaml"

/// Checks what is made of `text` as a file.
func checkFile(_ text: String) {
    let settings: [ConfigurationSetting]
    do throws(ConfigurationError) {
        settings = try ConfigurationDocument.settings(in: text, path: path)
    } catch {
        return check(error, about: path)
    }
    var configuration = Configuration()
    // The daemon stops at the first error; here there would be one for each.
    for setting in settings.prefix(50) {
        expect((1...2).contains(setting.names.count), "a setting has a section and a name")
        expect(setting.place.hasPrefix(path + ":"), "a setting has a place")
        do throws(ConfigurationError) {
            try configuration.apply(setting)
        } catch {
            // In a list it is the element's line.
            check(error, about: setting.names.count > 1 ? "\(path):" : "\(setting.place): ")
            expect(error.message.contains("`"), "an error names the key")
            checkSecrecy(of: error, setting)
        }
    }
    checkSettings(configuration)
}

/// Checks that an error is one line for people that begins with the file or variable.
func check(_ error: ConfigurationError, about place: String) {
    expect(error.message.hasPrefix(place), "an error says where")
    expect(error.message.isOneLine, "an error is one line")
    expect(error.message.utf8.count <= 600, "an error is short")
}

/// A value may be a secret in the wrong place: what an error shows of one, it shows of every other as well.
private func checkSecrecy(of error: ConfigurationError, _ setting: ConfigurationSetting) {
    guard case .text(let value) = setting.value, !value.isEmpty, error.message.contains(value) else { return }
    var other = setting
    other.value = .text("\0")
    var configuration = Configuration()
    do throws(ConfigurationError) {
        try configuration.apply(other)
        expect(false, "no key takes a zero byte")
    } catch {
        expect(error.message.contains(value), "an error does not repeat a value")
    }
}
