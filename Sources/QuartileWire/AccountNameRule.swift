/// The rule for account names.
public enum AccountNameRule {
    /// The rule in words that fit after "must be".
    public static let words = "1 to 64 of A-Z a-z 0-9 . _ @ + -"

    /// Whether `name` keeps the rule.
    public static func isValid(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case ASCII.zero...ASCII.nine, ASCII.dot, ASCII.plus, ASCII.minus: true
                case UInt8(ascii: "_"), UInt8(ascii: "@"): true
                default: false
                }
            }
    }
}
