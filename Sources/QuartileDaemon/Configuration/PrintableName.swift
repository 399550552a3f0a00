/// A name from a file or the environment, fit for one line of an error.
func printable(_ name: String) -> String {
    String(
        name.unicodeScalars.prefix(64).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "?"
            default: Character(scalar)
            }
        }
    )
}
