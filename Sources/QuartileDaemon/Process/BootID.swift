import Glibc

/// Tells one boot of the machine from another (random(4), `/proc/sys/kernel/random/boot_id`).
enum BootID {
    /// This boot's id; nil where the kernel does not say, in a sandbox without `/proc`, for example. Then no stored
    /// reading of the boot clock may be trusted.
    static let current: String? = {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = read(file, &text, text.count)
        guard count > 0 else { return nil }
        return String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()
}
