// HTML of a stranger, made harmless: parsed by libxml2, and written anew from what is allowed.
//
// Guarantees: the result holds only the elements and attributes listed here, each tag is closed, each value is quoted and escaped;
// no script, style, form, frame or comment; no address is loaded when it is shown (pictures only from the message itself, `cid:`);
// links lead only to http, https, mailto and tel. What an element that is not listed says is kept, without the element; what
// elements hold that do not show their content (`script`, `style`, …) is not.

public enum HTMLSanitiser {
    /// Writes a stranger's HTML anew. Linear in its length; nothing for HTML that `HTMLBounds` refuses.
    public static func sanitise(_ html: String) -> String {
        let writer = Writer()
        HTMLEvents.parse(html, writer)
        return writer.finished()
    }

    /// Text as it stands in HTML, in an element or in a quoted value.
    public static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static let elements: Set<String> = [
        "a", "abbr", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd",
        "del",
        "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
        "mark",
        "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
        "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
    ]

    private static let empty: Set<String> = ["br", "col", "hr", "img"]

    /// Elements whose content is not text to be read.
    static let silent: Set<String> = [
        "script", "style", "head", "title", "template", "iframe", "frame", "frameset", "noframes", "object", "embed",
        "applet", "svg", "math", "audio", "video", "canvas", "select", "textarea", "button", "noembed", "xmp",
    ]

    /// Deeper than this, tags are left out and their text is kept: browsers' layout suffers from depth, and nobody sees it.
    private static let depthMax = 200

    private final class Writer: HTMLListener {
        private var result = ""
        private var open: [(name: String, isWritten: Bool)] = []
        // How often each name is open, so that nothing is looked for that is not there.
        private var openCounts: [String: Int] = [:]
        private var writtenCount = 0
        private var silence = 0

        func open(_ name: String, _ attributes: [(name: String, value: String)]) {
            if HTMLSanitiser.silent.contains(name) { silence += 1 }
            let isEmpty = HTMLSanitiser.empty.contains(name)
            let isWritten =
                silence == 0 && HTMLSanitiser.elements.contains(name)
                && (isEmpty || writtenCount < HTMLSanitiser.depthMax)
            if isWritten {
                result += "<\(name)"
                for (attribute, value) in attributes {
                    guard let value = HTMLSanitiser.value(of: attribute, in: name, value) else { continue }
                    result += " \(attribute)=\"\(HTMLSanitiser.escape(value))\""
                }
                if name == "a" { result += " rel=\"noopener noreferrer nofollow\"" }
                result += ">"
            }
            open.append((name, isWritten && !isEmpty))
            openCounts[name, default: 0] += 1
            if isWritten, !isEmpty { writtenCount += 1 }
        }

        func close(_ name: String) {
            guard openCounts[name, default: 0] > 0 else { return }
            while let last = open.popLast() {
                end(last)
                if last.name == name { return }
            }
        }

        func characters(_ text: String) {
            if silence == 0 { result += HTMLSanitiser.escape(text) }
        }

        func finished() -> String {
            while let last = open.popLast() { end(last) }
            return result
        }

        private func end(_ element: (name: String, isWritten: Bool)) {
            openCounts[element.name, default: 1] -= 1
            if HTMLSanitiser.silent.contains(element.name) { silence -= 1 }
            guard element.isWritten else { return }
            writtenCount -= 1
            result += "</\(element.name)>"
        }
    }

    /// The value to write, or nil when the attribute is not allowed there.
    private static func value(of attribute: String, in element: String, _ value: String) -> String? {
        switch (element, attribute) {
        case ("a", "href"):
            return scheme(of: value).map { ["http", "https", "mailto", "tel"].contains($0) } == true
                ? trimmed(value) : nil
        case ("img", "src"): return scheme(of: value) == "cid" ? trimmed(value) : nil
        case (_, "title"), ("img", "alt"), ("abbr", "abbr"): return value
        case (_, "dir"): return ["ltr", "rtl", "auto"].contains(value.lowercased()) ? value.lowercased() : nil
        case ("td", "colspan"), ("th", "colspan"), ("td", "rowspan"), ("th", "rowspan"), ("col", "span"),
            ("ol", "start"):
            return number(value, max: 1_000)
        case ("img", "width"), ("img", "height"): return number(value, max: 10_000)
        default: return nil
        }
    }

    private static func number(_ text: String, max: Int) -> String? {
        Int(text).flatMap { $0 >= 0 && $0 <= max ? String($0) : nil }
    }

    /// Without what browsers pass over in an address: blanks and control characters at its ends, line breaks and tabs in it.
    private static func trimmed(_ address: String) -> String {
        String(String.UnicodeScalarView(address.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }))
    }

    /// In small letters; nil for an address without one, which would be relative to where it is shown.
    private static func scheme(of address: String) -> String? {
        let address = trimmed(address)
        guard let colon = address.firstIndex(of: ":") else { return nil }
        let scheme = address[..<colon]
        guard scheme.utf8.allSatisfy({ ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }) else { return nil }
        return scheme.lowercased()
    }
}
