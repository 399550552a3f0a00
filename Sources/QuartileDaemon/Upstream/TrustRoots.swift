import NIOCore
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
    /// All certificates of a PEM file, of which there is one at least.
    static func read(_ path: String) throws(UnusableCAFile) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else { throw UnusableCAFile(path: path, problem: "holds no certificate") }
            return certificates
        } catch let error as UnusableCAFile {
            throw error
        } catch let error as IOError {
            throw UnusableCAFile(path: path, problem: "can't be read: \(Errno(error.errnoCode))")
        } catch {
            throw UnusableCAFile(path: path, problem: "holds no certificate, or one that can't be read")
        }
    }
}
