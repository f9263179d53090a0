// `top`, `count`, `page` and `paging-cookie`.
//
// A page is told apart by its number, or better by the cookie of the page before: the sort keys of that page's last row. By
// number, rows that others insert or delete in between move the borders; by cookie the next page begins exactly behind the
// last row seen. A cookie is itself a small document:
//
//   <cookie page="2"><name last="Acme"/><accountid last="account/7K3M"/></cookie>
//
// one element a key, in their order; without `last` where the key is null. One that is not of this form (another system's)
// is passed over, since the page's number says the same.

import Engine

/// A key of the order of pages.
struct FetchKey {
    let attribute: FetchAttribute
    let expression: Expression
    /// Of the values of `expression`; nil for text.
    let type: AttributeType?
    let isDescending: Bool

    /// Name of the key's element in a cookie.
    var name: String {
        guard case .name(let parts) = expression.kind else { return attribute.name }
        return parts.joined(separator: ".")
    }
}

/// One page of the answer to a document with `count`.
public struct FetchPage: Sendable {
    /// The rows, under the columns that the document asks for.
    public let rows: QueryResult
    /// Whether there are rows behind this page.
    public let hasMore: Bool
    /// What `paging-cookie` of the next page's document should be; nil where the order has ties (totals and `distinct`), where
    /// only `page` goes on.
    public let cookie: String?
}

extension FetchReader {
    /// Rows that a page of a document can have: what the tree's LIMIT takes.
    private static let rowCountMax = Int64(Int32.max)

    /// Turns `top`, or `count` with `page` and `paging-cookie`, into LIMIT, OFFSET and a condition. Pages need an order without
    /// ties, or a row could stand on two of them: the record's id is the last key.
    mutating func applyPaging(_ fetch: XMLElement, to query: inout Query) throws(QueryError) -> FetchPaging? {
        let top = try rowCount(fetch, "top")
        let count = try rowCount(fetch, "count")
        let page = try rowCount(fetch, "page") ?? 1
        if let top {
            if let other = fetch["page"] ?? fetch["count"] {
                throw QueryError(.syntax, "top goes without count and page", at: other.location)
            }
            query.limit = Expression(.literal(.integer(top)))
            return nil
        }
        guard let count else {
            if let page = fetch["page"] { throw QueryError(.syntax, "page needs count", at: page.location) }
            return nil
        }
        query.limit = Expression(.literal(.integer(count)))
        guard !isAggregate, !query.isDistinct else {
            if page > 1 { query.offset = Expression(.literal(.integer((page - 1) * count))) }
            return FetchPaging(page: page, rowCount: Int(count), keys: [], query: query)
        }
        let id = try attribute(nodes[0].entity[SystemAttribute.identifier].name, of: 0, at: fetch.location)
        keys.append(FetchKey(attribute: id, expression: id.expression, type: id.type, isDescending: false))
        query.order.append(Query.Order(id.expression))
        if let cookie = fetch["paging-cookie"], let last = try lastKeys(in: cookie) {
            let behind = try condition(behind: last, at: cookie.location)
            query.filter = Expression(.and([query.filter, behind].compactMap(\.self)), at: cookie.location)
        } else if page > 1 {
            query.offset = Expression(.literal(.integer((page - 1) * count)))
        }
        return FetchPaging(page: page, rowCount: Int(count), keys: keys, query: query)
    }

    private func rowCount(_ fetch: XMLElement, _ name: String) throws(QueryError) -> Int64? {
        guard let attribute = fetch[name] else { return nil }
        guard let number = Int64(attribute.value.trimmed), number >= 1, number <= Self.rowCountMax else {
            throw QueryError(
                .syntax,
                "\(name) is a number from 1 to \(Self.rowCountMax), not \"\(attribute.value.shortened)\"",
                at: attribute.location
            )
        }
        return number
    }

    // MARK: Cookies

    /// The keys of the last row seen, as literals, nil for null; nil when the cookie is none of ours.
    private func lastKeys(in cookie: XMLElement.Attribute) throws(QueryError) -> [Expression?]? {
        let document: XMLElement
        do { document = try XMLReader.read(cookie.value) } catch { return nil }
        guard document.name == "cookie", document.children.map(\.name) == keys.map(\.name) else { return nil }
        var result: [Expression?] = []
        for (key, element) in zip(keys, document.children) {
            guard let last = element["last"] else {
                result.append(nil)
                continue
            }
            let value = FetchValue(text: last.value, location: cookie.location)
            // Another system's id stands where ours has a key: the page's number has to do.
            if key.type == .identifier, GUIDText(last.value.trimmed) != nil { return nil }
            result.append(try literal(value, of: key.type, named: key.attribute.name))
        }
        return result
    }

    /// Rows that come behind the one with these keys: equal in the first few, and later in the next. Null comes first, with
    /// DESC last.
    private func condition(behind last: [Expression?], at location: SourceLocation) throws(QueryError) -> Expression {
        var alternatives: [Expression] = []
        var equal: [Expression] = []
        for (key, value) in zip(keys, last) {
            let isNull = Expression(.isNull(key.expression, negated: false), at: location)
            var later: Expression?
            if let value {
                let comparison: ComparisonOperator = key.isDescending ? .less : .greater
                let beyond = Expression(.compare(comparison, key.expression, value), at: location)
                later = key.isDescending ? Expression(.or([beyond, isNull]), at: location) : beyond
            } else if !key.isDescending {
                later = Expression(.isNull(key.expression, negated: true), at: location)
            }
            if let later {
                alternatives.append(equal.isEmpty ? later : Expression(.and(equal + [later]), at: location))
            }
            equal.append(value.map { Expression(.compare(.equal, key.expression, $0), at: location) } ?? isNull)
        }
        return alternatives.count == 1 ? alternatives[0] : Expression(.or(alternatives), at: location)
    }
}

/// How a document with `count` is answered page by page.
struct FetchPaging: Sendable {
    let page: Int64
    let rowCount: Int
    let keyNames: [String]
    let query: Query

    /// The query asks for one row more than the page has, to know whether there are more, and for the keys behind the columns.
    init(page: Int64, rowCount: Int, keys: [FetchKey], query: Query) {
        self.page = page
        self.rowCount = rowCount
        keyNames = keys.map(\.name)
        var query = query
        query.limit = Expression(.literal(.integer(Int64(rowCount) + 1)))
        query.columns += keys.map { .expression($0.expression, alias: nil) }
        self.query = query
    }

    func page(from result: QueryResult, schema: Schema) -> FetchPage {
        let hasMore = result.rowCount > rowCount
        let shown = result.columns.count - keyNames.count
        var cookie: String?
        if hasMore, !keyNames.isEmpty {
            var text = "<cookie page=\"\(page)\">"
            for (name, column) in zip(keyNames, result.columns[shown...]) {
                text += "<\(name)"
                if let value = column[rowCount - 1].keyText(schema) { text += " last=\"\(value.escapedForXML)\"" }
                text += "/>"
            }
            cookie = text + "</cookie>"
        }
        return FetchPage(
            rows: result.cut(rows: 0..<min(rowCount, result.rowCount), columnCount: shown),
            hasMore: hasMore,
            cookie: cookie
        )
    }
}

extension Value {
    /// The value as a cookie holds it, in the form that conditions take; nil for null.
    fileprivate func keyText(_ schema: Schema) -> String? {
        switch self {
        case .null: nil
        case .boolean(let truth): truth ? "1" : "0"
        case .integer(let number): String(number)
        case .decimal(let decimal): decimal.description
        case .double(let real): real.description
        case .option(let number): String(number)
        case .date(let days): CalendarText.text(days: days)
        case .instant(let microseconds): CalendarText.text(microseconds: microseconds)
        case .reference(let id): schema.text(of: id)
        case .text(let text): text
        }
    }
}

extension String {
    /// With references for what cannot stand in an attribute as it is; line ends and tabs would be read back as spaces.
    fileprivate var escapedForXML: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
