import EndToEndHarness
import Foundation

extension Row {
    /// What is installed.
    static let size = Row("P10", "size of the stripped programs") { _ in
        try [Program.quartiled, .quartilectl].map { program in
            let size = try FileManager.default.attributesOfItem(atPath: try program.path)[.size] as? Int
            return Figure(program.rawValue, [Double(try present(size, "a size")) / 1_048_576], .mebibytes)
        }
    }
}
