/// A place in the text of a query. Lines and columns count from 1; a column is a Unicode scalar.
public struct SourceLocation: Hashable, Sendable {
    /// Line, from 1; 0 when the place is not known (a tree that was not made from text).
    public var line: UInt32
    /// Unicode scalar within the line, from 1.
    public var column: UInt32

    /// Makes a place.
    public init(line: UInt32, column: UInt32) {
        self.line = line
        self.column = column
    }

    /// No place: the tree was not made from text.
    public static let unknown = SourceLocation(line: 0, column: 0)
}

/// Why a query was refused or gave up. Every input ends in a result or in one of these, never in a trap.
public struct QueryError: Error, Hashable, Sendable {
    /// What kind of refusal, stable over the wire.
    public enum Code: UInt8, Sendable, CaseIterable {
        /// The text is no query.
        case syntax = 1
        /// No entity, attribute, alias or option label has this name.
        case unknownName = 2
        /// A name could mean several things.
        case ambiguousName = 3
        /// Operand types do not go together, or an expression stands where it cannot.
        case type = 4
        /// The query is too deep, too long or has too many parts.
        case tooComplex = 5
        /// A parameter is missing, superfluous or of the wrong type.
        case parameter = 6
        /// A result does not fit its type.
        case overflow = 7
        /// The budget of rows, bytes or steps is used up.
        case budget = 8
        /// The caller cancelled it.
        case cancelled = 9
        /// The query was prepared under another schema.
        case staleSchema = 10
        /// The bytes of a tree could not be decoded.
        case malformed = 11
    }

    /// The kind.
    public var code: Code
    /// What is wrong, in one sentence for the person who wrote the query.
    public var message: String
    /// Where in the text.
    public var location: SourceLocation
    /// The nearest known name, when a name is unknown.
    public var suggestion: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, at location: SourceLocation = .unknown, suggestion: String? = nil) {
        self.code = code
        self.message = message
        self.location = location
        self.suggestion = suggestion
    }

    /// The message, the line of `source` in question and a caret under the place.
    public func rendered(in source: String) -> String {
        guard location.line > 0, location.column > 0 else { return description }
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard Int(location.line) <= lines.count else { return description }
        let line = lines[Int(location.line) - 1].unicodeScalars
        // A long line is cut to a window around the place, so that the caret stays visible.
        let start = max(0, Int(location.column) - 1 - 60)
        let window = String(line.dropFirst(start).prefix(100).map { $0 == "\t" ? " " : Character($0) })
        return "\(description)\n  \(window)\n  \(String(repeating: " ", count: Int(location.column) - 1 - start))^"
    }
}

extension QueryError: CustomStringConvertible {
    /// Message, suggestion and place in one line.
    public var description: String {
        var text = message
        if let suggestion { text += "; did you mean \(suggestion)?" }
        if location.line > 0 { text += " (line \(location.line), column \(location.column))" }
        return text
    }
}

/// Bounds of a query as it arrives, each with its reason. What a query may use while it runs is in `QueryBudget`.
public enum QueryLimits {
    /// Bytes of query text: a list of 100,000 numbers fits.
    public static let textBytesMax = 1 << 20
    /// Nesting of expressions: a hundred frames of the parser need about 50 KB of stack.
    public static let depthMax = 100
    /// Queries inside queries: each runs within the one around it, and each level needs some kilobytes of stack.
    public static let queryDepthMax = 16
    /// Queries in one WITH.
    public static let namedQueryCountMax = 64
    /// SELECTs in one UNION ALL.
    public static let unionCountMax = 256
    /// Nodes of the tree.
    public static let nodeCountMax = 200_000
    /// Nodes of one derived attribute's expression, those of the attributes that it uses included.
    public static let derivedNodeCountMax = 10_000
    /// Bytes of one identifier or parameter name.
    public static let nameBytesMax = 128
    /// Parts of a lookup path, such as the three of `accountid.ownerid.fullname`.
    public static let pathPartsMax = 8
    /// Entities in FROM and JOIN.
    public static let sourceCountMax = 16
    /// Entities reached through lookup paths, beside those.
    public static let pathSourceCountMax = 64
    /// Expressions in SELECT, after `*` is spelled out.
    public static let columnCountMax = 4096
    /// Expressions in GROUP BY or in ORDER BY.
    public static let keyCountMax = 64
    /// Parameters.
    public static let parameterCountMax = 65_536
}
