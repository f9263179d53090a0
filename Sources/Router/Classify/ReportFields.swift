// Groups of fields for programs, as in delivery reports (RFC 3464) and complaints (RFC 5965): fields as in a head, groups apart by
// empty lines.
//
// Guarantees: linear time, at most as many fields as lines; names in small letters; values unfolded. What is no field is passed over.

struct ReportFields {
    /// One group: the first of each name.
    private(set) var groups: [[String: String]] = []

    init(_ bytes: [UInt8]) {
        var group: [String: String] = [:]
        var name: String?
        func text(_ line: ArraySlice<UInt8>) -> String {
            var line = line
            while let last = line.last, last <= .space { line.removeLast() }
            return CharacterSets.text(Array(line.drop { $0 == .space || $0 == .tab }), charset: nil)
        }
        for line in bytes.split(separator: .lineFeed, omittingEmptySubsequences: false) {
            if line.allSatisfy({ $0 <= .space }) {
                if !group.isEmpty { groups.append(group) }
                group = [:]
                name = nil
            } else if line.first == .space || line.first == .tab {
                if let name { group[name]? += " " + text(line) }
            } else if MailHead.isField(bytes, at: line.startIndex), let colon = line.firstIndex(of: .colon) {
                let key = text(line[line.startIndex..<colon]).lowercased()
                // A field that comes twice in a group says the same, or is a new group without its empty line.
                if group[key] != nil, key == "final-recipient" {
                    groups.append(group)
                    group = [:]
                }
                name = group[key] == nil ? key : nil
                if group[key] == nil { group[key] = text(line[(colon + 1)...]) }
            }
        }
        if !group.isEmpty { groups.append(group) }
    }

    /// The value behind `rfc822;` or another type, without brackets.
    static func address(_ field: String) -> String {
        let value = field.split(separator: ";", maxSplits: 1).last ?? ""
        let trimmed = value.filter { !$0.isWhitespace && $0 != "<" && $0 != ">" && $0 != "\"" }
        return String(trimmed)
    }
}
