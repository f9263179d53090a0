// Templates for messages, in the manner of mustache: a text with tags, and values, give a text.
//
//   {{contact.firstname}}        the value, in HTML escaped          {{#cases}}…{{/cases}}   for each, or if there is one
//   {{{signature}}} {{&…}}       the value as it is                  {{^cases}}…{{/cases}}   if there is none
//   {{.}}                        the value of the section itself     {{! … }}                nothing
//
// Guarantees: a pure function; what a value holds is text and never a tag; a name that is not there writes nothing; lines that have
// nothing but a section's tag or a comment on them are not written. Reading is linear in the template; filling in is bounded by
// `TemplateLimits`. The first name is looked for in the innermost section and outwards, those behind its dots only in what it is.
//
// Partials, lambdas and other delimiters are errors on purpose: a template is whole, shows what it is, and runs nothing.

/// A template that was read.
package struct MailTemplate: Sendable {
    /// What the text becomes part of.
    package enum Form: Sendable {
        /// Values are written as they are.
        case text
        /// Values are escaped for texts and quoted attributes of HTML, but for those in three braces.
        case html
    }

    enum Node: Sendable {
        case text(String)
        case value(TemplateName, isRaw: Bool)
        case section(TemplateName, isInverted: Bool, [Node])
    }

    /// The names in it, each once, in the order in which they first stand: so that whoever saves a template hears which of them are
    /// not known.
    package let names: [String]

    private let nodes: [Node]
    private let limits: TemplateLimits
    private let end: (line: Int, column: Int)

    /// Reads a template.
    package init(_ text: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) {
        var parser = TemplateParser(text, limits)
        nodes = try parser.parse()
        names = parser.names
        end = parser.place
        self.limits = limits
    }

    /// Fills it in. Errors name the end of the template, since it is the whole that is too long.
    package func render(_ values: TemplateValue, as form: Form) throws(TemplateError) -> String {
        var writer = TemplateWriter(form: form, limits: limits)
        do throws(TemplateError.Overrun) {
            try writer.write(nodes, [values])
        } catch {
            let reason: TemplateError.Reason =
                switch error {
                case .output: .outputTooLong
                case .work: .tooMuchWork
                }
            throw TemplateError(reason: reason, line: end.line, column: end.column)
        }
        return writer.output
    }
}

/// A name in a tag.
struct TemplateName: Sendable, Equatable {
    /// As it was written, without blanks.
    let text: String
    /// Between the dots; none for `.`.
    let pieces: [String]

    /// Nil where it is none.
    init?(_ text: Substring) {
        self.text = String(text)
        if text == "." {
            pieces = []
            return
        }
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") } })
        else { return nil }
        self.pieces = pieces.map(String.init)
    }

    /// The value in a stack of sections, the innermost last.
    func value(in stack: [TemplateValue]) -> TemplateValue {
        guard let first = pieces.first else { return stack.last ?? .none }
        for scope in stack.reversed() {
            guard case .record(let fields) = scope, var value = fields[first] else { continue }
            for piece in pieces.dropFirst() {
                guard case .record(let inner) = value else { return .none }
                value = inner[piece] ?? .none
            }
            return value
        }
        return .none
    }
}

extension TemplateError {
    /// What was used up while a template was filled in.
    enum Overrun: Error {
        case output, work
    }
}

/// Fills in.
struct TemplateWriter {
    let form: MailTemplate.Form
    let limits: TemplateLimits
    private(set) var output = ""
    private var stepCount = 0

    init(form: MailTemplate.Form, limits: TemplateLimits) { (self.form, self.limits) = (form, limits) }

    mutating func write(_ nodes: [MailTemplate.Node], _ stack: [TemplateValue]) throws(TemplateError.Overrun) {
        for node in nodes {
            stepCount += 1
            if stepCount > limits.stepsMax { throw .work }
            switch node {
            case .text(let text): try add(text)
            case .value(let name, let isRaw):
                switch name.value(in: stack) {
                case .text(let text): try add(isRaw || form == .text ? text : TemplateWriter.escaped(text))
                case .flag(let flag): try add(flag ? "true" : "false")
                // Several values, or a record, have no text that somebody meant.
                case .none, .list, .record: break
                }
            case .section(let name, let isInverted, let inner):
                let value = name.value(in: stack)
                if isInverted {
                    if !TemplateWriter.isThere(value) { try write(inner, stack) }
                } else if case .list(let items) = value {
                    for item in items {
                        stepCount += 1
                        if stepCount > limits.stepsMax { throw .work }
                        try write(inner, stack + [item])
                    }
                } else if TemplateWriter.isThere(value) {
                    try write(inner, stack + [value])
                }
            }
        }
    }

    private mutating func add(_ text: String) throws(TemplateError.Overrun) {
        guard output.utf8.count + text.utf8.count <= limits.outputBytesMax else { throw .output }
        output += text
    }

    private static func isThere(_ value: TemplateValue) -> Bool {
        switch value {
        case .none: false
        case .text(let text): !text.isEmpty
        case .flag(let flag): flag
        case .list(let items): !items.isEmpty
        case .record: true
        }
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
