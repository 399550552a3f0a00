import Glibc

/// An error number of a system call (errno(3)).
package struct Errno: Error, Hashable, CustomStringConvertible {
    /// The number.
    package var code: CInt

    /// An error number as given.
    package init(_ code: CInt) {
        self.code = code
    }

    /// The number that the last failed call of this thread left.
    package static var last: Errno { Errno(errno) }

    /// The system's own words for it, such as `No such file or directory`.
    package var description: String {
        // Safe from several threads since glibc 2.32: strerror(3).
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
