extension String {
    /// Whether it is fit to be shown as one line: nothing breaks it, moves the cursor or is not seen.
    public var isOneLine: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    /// The length of its longest run of characters that tokens are made of (RFC 6750, section 2.1).
    public var longestTokenRun: Int {
        var longest = 0
        var run = 0
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
                run += 1
                longest = max(longest, run)
            default: run = 0
            }
        }
        return longest
    }
}
