// FetchXML beside SQL: a document becomes the same typed tree, and nothing behind the tree knows which it was.

import Engine

/// A FetchXML document that has been read under one schema.
///
/// Source: the element reference of Microsoft Dataverse's FetchXML; docs/fetchxml.md says what is understood, where the
/// meaning is Kith's own, and what is refused.
public struct FetchDocument: Sendable {
    /// What the document asks.
    public let query: Query
    private let unpaged: Query
    private let paging: FetchPaging?
    private let schema: Schema

    /// Reads a document. Complexity: linear in the text. Throws with the line and column of the element or attribute that is
    /// wrong or not supported.
    public init(_ text: String, schema: Schema) throws(QueryError) {
        let fetch = try XMLReader.read(text)
        var reader = FetchReader(schema: schema)
        var query = try reader.query(fetch)
        unpaged = query
        paging = try reader.applyPaging(fetch, to: &query)
        self.query = query
        self.schema = schema
    }

    // MARK: Pages

    /// What to ask for the page that a document with `count` means: the query, with a row more and the sort keys behind the
    /// columns. `page(from:)` makes the page of its answer. nil without `count`.
    public var pageQuery: Query? { paging?.query }

    /// The page in an answer to `pageQuery`, with the cookie for the next one.
    /// - Precondition: the document has `count`, and the answer is to its `pageQuery`.
    public func page(from result: QueryResult) -> FetchPage {
        guard let paging else { preconditionFailure("a document without count has no pages") }
        return paging.page(from: result, schema: schema)
    }

    /// How many rows there are on all pages together, for `returntotalrecordcount`; nil for totals and with `distinct`.
    public var countQuery: Query? {
        guard let paging, !paging.keyNames.isEmpty else { return nil }
        var count = unpaged
        count.columns = [.expression(Expression(.aggregate(.count, nil, distinct: false)), alias: "count")]
        count.order = []
        return count
    }

    /// Whether a text is meant as a document rather than as SQL: its first visible character is `<`, which no statement
    /// begins with.
    public static func isDocument(_ text: String) -> Bool {
        text.unicodeScalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" } == "<"
    }
}

extension PreparedQuery {
    /// Prepares a question in either language: SQL, or a FetchXML document.
    public init(text: String, schema: Schema) throws(QueryError) {
        if FetchDocument.isDocument(text) {
            self = try PreparedQuery(FetchDocument(text, schema: schema).query, schema: schema)
        } else {
            self = try PreparedQuery(text, schema: schema)
        }
    }
}
