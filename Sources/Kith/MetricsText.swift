// The text exposition format of Prometheus, version 0.0.4: families of samples, each with its help and type.
//
// Guarantees: names and labels are the caller's literals; label values may be any text and are escaped; the same calls give the
// same bytes.

/// Writes one exposition.
package struct MetricsText {
    /// What was written so far.
    package private(set) var text = ""

    package init() {}

    /// Begins a family; its samples follow.
    package mutating func family(_ name: String, _ type: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type.rawValue)\n"
    }

    package enum Kind: String {
        case gauge, counter, histogram
    }

    package mutating func sample(_ name: String, _ value: some BinaryInteger, _ labels: [(String, String)] = []) {
        sample(name, labels, text: String(value))
    }

    package mutating func sample(_ name: String, seconds microseconds: UInt64) {
        sample(name, [], text: String(Double(microseconds) / 1_000_000))
    }

    /// A family of one sample.
    package mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
        family(name, .gauge, help)
        sample(name, value)
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], text value: String) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0)=\"\(MetricsText.escaped($1))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
