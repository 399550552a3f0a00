import EndToEndHarness
import Foundation

/// The figures of all rows, for people and for programs.
struct Report {
    private let machine: Machine
    private let isSmoke: Bool
    private var rows: [(row: Row, figures: [Figure])] = []

    init(machine: Machine, isSmoke: Bool) {
        self.machine = machine
        self.isSmoke = isSmoke
    }

    mutating func add(_ row: Row, _ figures: [Figure]) { rows.append((row, figures)) }

    /// Medians, with the quartiles in parentheses.
    var text: String {
        var lines = [machine.text, "medians (quartiles)", ""]
        for (row, figures) in rows {
            lines.append("\(row.id) \(row.title)")
            for figure in figures {
                let what = figure.what.padding(toLength: 56, withPad: " ", startingAt: 0)
                let value = figure.text.padding(toLength: max(36, figure.text.count), withPad: " ", startingAt: 0)
                lines.append("    \(what) \(value) \(judgement(figure))".trimmedEnd)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A table of what has a bar, and of the rest behind it.
    var markdown: String {
        var lines = [machine.text, "", "| row | what | figure | bar | |", "| --- | --- | --- | --- | --- |"]
        for (row, figures) in rows {
            for figure in figures {
                lines.append("| \(row.id) | \(figure.what) | \(figure.text) | \(figure.barText) | \(verdict(figure)) |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func judgement(_ figure: Figure) -> String {
        figure.bar == nil ? "" : "bar \(figure.barText) \(verdict(figure))"
    }

    private func verdict(_ figure: Figure) -> String {
        guard !isSmoke, let isMet = figure.isMet else { return "" }
        return isMet ? "met" : "MISSED"
    }

    var json: JSON {
        let rows = rows.map { row, figures in
            JSON.object(["id": .string(row.id), "title": .string(row.title), "figures": .array(figures.map(\.json))])
        }
        return [
            "machine": .string(machine.text), "date": .string(machine.date), "smoke": .bool(isSmoke),
            "rows": .array(rows),
        ]
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
