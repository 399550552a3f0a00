import EndToEndHarness
import Foundation

extension Data {
    /// Writes a file that nobody else may read, in a directory that nobody else may enter and that is made if need be.
    func put(at path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let isMade = FileManager.default.createFile(
            atPath: path,
            contents: self,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw SystemError("createFile \(path)") }
    }
}
