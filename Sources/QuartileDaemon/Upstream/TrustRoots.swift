import Glibc
import NIOSSL

/// The file of `api.ca_file` can't be used.
package struct UnusableCAFile: Error, Equatable {
    /// The file.
    package var path: String
    /// What is wrong with it, in a clause.
    package var problem: String
}

/// The certificates of authorities that are trusted beside the system's.
enum TrustRoots {
    /// Many times what a system's own file has.
    private static let largestFile = 16 << 20

    /// All certificates of a PEM file, of which there is one at least.
    static func read(_ path: String) throws(UnusableCAFile) -> [NIOSSLCertificate] {
        func unusable(_ problem: String) -> UnusableCAFile { UnusableCAFile(path: path, problem: problem) }
        let contents: [UInt8]?
        do throws(Errno) {
            contents = try self.contents(path)
        } catch {
            throw unusable("can't be read: \(error)")
        }
        guard let bytes = contents else { throw unusable("is not a regular file, or larger than 16 MiB") }
        guard !bytes.isEmpty else { throw unusable("is empty") }
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            // The other way to write one down; whether it is that is all that is asked.
            if (try? NIOSSLCertificate(bytes: bytes, format: .der)) != nil {
                throw unusable("is DER; openssl x509 -inform DER -in FILE -out NEW.pem makes PEM of it")
            }
            throw unusable("holds no certificate, or one that can't be read")
        }
    }

    /// Nil for what is not a file to be read to its end.
    private static func contents(_ path: String) throws(Errno) -> [UInt8]? {
        // Not blocking: a FIFO would hold up the start until somebody writes.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Errno.last }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Errno.last }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw Errno.last
            }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= largestFile else { return nil }
        }
    }
}
