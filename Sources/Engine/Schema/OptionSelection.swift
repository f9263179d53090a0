// Several options of one set at once: what a multi-select attribute holds.
//
// Stored, logged and sent as 64 bits: bit p is set when the option at place p of the set is chosen. Places never change, so bits
// keep their meaning while a set grows, up to 64 options. Nothing chosen is null, so that there is one way to say it. In words a
// selection is the labels in the order of the set, with `;` between them: `Red;Blue`.

extension OptionSet {
    /// Options that a selection can be made from: a bit each.
    package static let selectableMax = 64
    /// What stands between two labels.
    package static let separator: Unicode.Scalar = ";"

    /// Whether selections can be made from the set: it has few enough options, and labels that can stand in a list.
    package var isSelectable: Bool {
        options.count <= OptionSet.selectableMax
            && options.allSatisfy { !$0.label.isEmpty && !$0.label.unicodeScalars.contains(OptionSet.separator) }
    }

    /// The bits that the set has options for.
    package var selectableBits: UInt64 {
        var bits: UInt64 = 0
        for (place, option) in options.prefix(OptionSet.selectableMax).enumerated() where !option.isDeleted {
            bits |= 1 << UInt64(place)
        }
        return bits
    }

    /// The labels of a selection; bits without an option say nothing.
    package func text(ofSelection bits: UInt64) -> String {
        var labels: [String] = []
        for (place, option) in options.prefix(OptionSet.selectableMax).enumerated() where bits >> UInt64(place) & 1 != 0
        {
            labels.append(option.label)
        }
        return labels.joined(separator: String(OptionSet.separator))
    }

    /// Reads labels, or numbers, with `;` between them; blanks around them do not count, and order and repetitions neither.
    /// Throws the first part that is no option.
    package func selection(of text: String) throws(UnknownChoice) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.unicodeScalars.split(separator: OptionSet.separator) {
            let label = String(String.UnicodeScalarView(part.trimmingBlanks))
            if label.isEmpty { continue }
            guard let place = place(labelled: label) ?? Int32(label).flatMap(place(of:)) else {
                throw UnknownChoice(text: label)
            }
            bits |= 1 << UInt64(place)
        }
        return bits
    }

    /// A part of a selection's text that is no option.
    package struct UnknownChoice: Error {
        package var text: String
    }

    private func place(labelled label: String) -> Int? {
        var label = label
        return label.withUTF8 { wanted in
            options.firstIndex { option in
                if option.isDeleted { return false }
                var text = option.label
                return text.withUTF8 { Collation.equal($0, wanted) }
            }
        }
    }
}

extension Substring.UnicodeScalarView {
    fileprivate var trimmingBlanks: Substring.UnicodeScalarView {
        var view = self
        while let first = view.first, first == " " { view.removeFirst() }
        while let last = view.last, last == " " { view.removeLast() }
        return view
    }
}
