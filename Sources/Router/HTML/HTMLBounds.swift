// What is checked before libxml2 sees HTML: what costs it time that grows with the square.
//
// Guarantees: one pass, linear time, no trap on any bytes. libxml2 compares each attribute with all others of its tag, and looks
// through all open elements for each end tag that has none. Quotes, comments, scripts and styles are followed as libxml2 does it in
// HTML that is well formed; who leads the two apart on purpose is not stopped here, but by the bound of the body.

package enum HTMLBounds {
    /// Comparisons of names that are made for one text: some five nanoseconds each.
    private static let comparisonMax = 50_000_000

    /// Whether parsing takes no more than that.
    package static func accepts(_ html: [UInt8]) -> Bool {
        var comparisons = 0
        var openCounts: [ArraySlice<UInt8>: Int] = [:]
        var depth = 0
        var index = 0
        while comparisons <= comparisonMax {
            guard let tag = html[index...].firstIndex(of: UInt8(ascii: "<")), tag + 1 < html.count else { return true }
            index = tag + 1
            let isEnd = html[index] == UInt8(ascii: "/")
            if html[index...].starts(with: "!--".utf8) {
                index = end(of: "-->", in: html, from: index)
                continue
            }
            if isEnd { index += 1 }
            let nameStart = index
            while index < html.count, isNamePart(html[index]) { index += 1 }
            guard index > nameStart else { continue }
            let name = html[nameStart..<index].map(\.lowercasedASCII)[...]
            if isEnd {
                comparisons += depth
                if let count = openCounts[name], count > 0 {
                    openCounts[name] = count - 1
                    depth -= 1
                }
                continue
            }
            let attributeCount = skipAttributes(html, &index)
            comparisons += attributeCount * attributeCount / 2
            guard !empty.contains(name) else { continue }
            openCounts[name, default: 0] += 1
            depth += 1
            if name.elementsEqual("script".utf8) {
                index = end(of: "</script", in: html, from: index, step: 0)
            } else if name.elementsEqual("style".utf8) {
                index = end(of: "</style", in: html, from: index, step: 0)
            }
        }
        return false
    }

    private static let empty: Set<ArraySlice<UInt8>> = Set(
        ["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "param", "wbr"].map { Array($0.utf8)[...] }
    )

    /// Leaves the index behind the tag; gives how many attributes it has.
    private static func skipAttributes(_ html: [UInt8], _ index: inout Int) -> Int {
        var count = 0
        var isInAttribute = false
        while index < html.count {
            let byte = html[index]
            index += 1
            switch byte {
            case UInt8(ascii: ">"): return count
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                // Without another, all the rest is in the quotes: libxml2 then reads to the end.
                index = (html[index...].firstIndex(of: byte) ?? html.count - 1) + 1
                isInAttribute = false
            case .space, .tab, .lineFeed, .carriageReturn, 0x0C, UInt8(ascii: "/"): isInAttribute = false
            default:
                if !isInAttribute { count += 1 }
                isInAttribute = true
            }
        }
        return count
    }

    /// The index behind a text, or before it with a step of nothing; the end where there is none.
    private static func end(of text: StaticString, in html: [UInt8], from start: Int, step: Int? = nil) -> Int {
        var index = start
        while index < html.count {
            if html[index...].starts(withLowercased: text) { return index + (step ?? text.utf8CodeUnitCount) }
            index += 1
        }
        return index
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, .colon, .hyphen, UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
