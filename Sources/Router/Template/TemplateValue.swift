// What a template is filled with, its bounds, and why it is none.

/// A value that tags name.
package indirect enum TemplateValue: Sendable, Equatable {
    /// There is none: a tag writes nothing, a section is left out.
    case none
    /// A text; empty, it counts as none for sections.
    case text(String)
    /// Whether a section is there.
    case flag(Bool)
    /// A section is there once for each.
    case list([TemplateValue])
    /// Values by their names.
    case record([String: TemplateValue])
}

/// The bounds of templates. People write them, and a rule fills them in while a message waits.
package struct TemplateLimits: Sendable {
    /// Bytes of a template: a newsletter with its styles has 100 KiB.
    package var templateBytesMax = 256 << 10
    /// Tags in one: a newsletter has some hundred.
    package var tagsMax = 10_000
    /// Sections within sections: filling in calls itself once for each.
    package var depthMax = 20
    /// Bytes of a name with its dots.
    package var nameBytesMax = 200
    /// Bytes of what comes out: what a body may have (`ComposeLimits`).
    package var outputBytesMax = 4 << 20
    /// Tags and texts that are gone through: lists within lists are long before anything is written.
    package var stepsMax = 1_000_000

    package init() {}
}

/// Why a text is no template, or could not be filled in, and where.
package struct TemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case templateTooLong(byteCount: Int)
        case tooManyTags
        case tooDeep
        /// `{{` without its end.
        case unclosedTag
        /// A name of other than letters, digits, `_` and dots between.
        case invalidName
        /// `{{>…}}`, `{{=…=}}`, `{{<…}}`, `{{$…}}` or `{{%…}}`: this mark is not known.
        case unknownTag(Character)
        /// A section that nothing closes.
        case unclosedSection(String)
        /// `{{/…}}` that closes no section.
        case nothingToClose(String)
        /// `{{/…}}` of another section than the innermost, which is named second.
        case closesAnother(String, open: String)
        case outputTooLong
        case tooMuchWork
    }

    package var reason: Reason
    /// From 1; of the tag, or of the end.
    package var line: Int
    /// From 1, in characters as people count them.
    package var column: Int

    package init(reason: Reason, line: Int, column: Int) {
        (self.reason, self.line, self.column) = (reason, line, column)
    }

    package var description: String { "line \(line), column \(column): \(sentence)" }

    private var sentence: String {
        switch reason {
        case .templateTooLong(let count): "the template has \(count) bytes, more than are read"
        case .tooManyTags: "more tags than are read"
        case .tooDeep: "sections are nested deeper than is read"
        case .unclosedTag: "a tag begins here and does not end"
        case .invalidName: "a name has letters, digits and _, with dots between"
        case .unknownTag(let mark): "tags with ‘\(mark)’ are not known"
        case .unclosedSection(let name): "the section \(name) begins here and does not end"
        case .nothingToClose(let name): "there is no section \(name) to end"
        case .closesAnother(let name, let open): "this ends the section \(name), but \(open) is open"
        case .outputTooLong: "what comes out is longer than is sent"
        case .tooMuchWork: "filling it in takes too long: lists within lists"
        }
    }
}
