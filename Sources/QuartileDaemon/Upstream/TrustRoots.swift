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
        let bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = try RegularFile.read(path, atMost: largestFile)
        } catch {
            switch error {
            case .failed(let error): throw unusable("can't be read: \(error)")
            case .notRegular, .tooLarge: throw unusable("is not a regular file, or larger than 16 MiB")
            }
        }
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
}
