internal import Glibc

extension [UInt8] {
    /// Overwrites all bytes, however soon the memory is given back. There must be no copy of the array: that would be
    /// left as it is.
    mutating func wipe() {
        withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
    }
}
