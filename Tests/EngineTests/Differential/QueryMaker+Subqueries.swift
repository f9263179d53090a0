// Queries inside queries: values, EXISTS and IN.

extension QueryMaker {
    /// Makes FROM and WHERE of a query inside, then what is asked of it, while its sources are in sight.
    private mutating func inside(_ body: (inout QueryMaker, Dialects) -> Term) -> Term {
        depth += 1
        scopes.append(Scope())
        defer {
            scopes.removeLast()
            depth -= 1
        }
        let from = from()
        let filter = filter()
        return body(&self, (" FROM \(from.kith)\(filter.kith)", " FROM \(from.oracle)\(filter.oracle)"))
    }

    /// A number that a query inside gives: an aggregate, or the first value.
    mutating func numberQuery(_ kind: Kind) -> Term {
        inside { maker, from in
            let mayRead = maker.mayReadOutside
            maker.mayReadOutside = false
            defer { maker.mayReadOutside = mayRead }
            let a = kind == .integer ? maker.integer(1) : maker.exact(1)
            let rowCount = maker.scopes[maker.scopes.count - 1].rowCount
            var output: Term
            var end = ""
            switch maker.below(6) {
            case 0, 1: output = Term(kith: "count(*)", oracle: "count(*)", kind: .integer, magnitude: rowCount)
            case 2 where a.magnitude * rowCount < Self.magnitudeMax:
                output = a
                output.kith = "sum(\(a.kith))"
                output.oracle = "sum(\(a.oracle))"
                output.magnitude *= rowCount
            case 3, 2:
                output = a
                output.kith = "max(\(a.kith))"
                output.oracle = "max(\(a.oracle))"
            case 4:
                output = Term(
                    kith: "count(\(a.kith)) + 1",
                    oracle: "count(\(a.oracle)) + 1",
                    kind: .integer,
                    magnitude: rowCount + 1
                )
            default:
                output = a
                end = maker.pick([" ORDER BY 1 LIMIT 1", " ORDER BY 1 DESC LIMIT 1"])
            }
            output.kith = "(SELECT \(output.kith)\(from.kith)\(end))"
            output.oracle = "(SELECT \(output.oracle)\(from.oracle)\(end))"
            output.isConstant = false
            output.targets = []
            return output
        }
    }

    /// EXISTS or IN.
    mutating func queryCondition(_ not: String) -> Term {
        let a: Term
        switch below(5) {
        case 0, 1:
            depth += 1
            defer { depth -= 1 }
            let inner = select(nil, mayOrder: chance(20))
            let text = inner.text(inner.outputs.map(\.kind))
            return Term(
                kith: "(\(not)EXISTS (\(text.kith)))",
                oracle: "(\(not)EXISTS (\(text.oracle)))",
                kind: .boolean
            )
        case 2: a = text(1) ?? integer(1)
        case 3: a = column { $0 == .id || $0 == .code } ?? exact(1)
        default: a = chance(50) ? integer(1) : date(1)
        }
        depth += 1
        defer { depth -= 1 }
        let inner = select([a.kind], mayOrder: chance(20))
        guard let kind = Self.common(a.kind, inner.outputs[0].kind), !a.isConstant,
            kind != .code || inner.outputs[0].kind == .code
        else {
            return Term(kith: "(\(a.kith) IS NULL)", oracle: "(\(a.oracle) IS NULL)", kind: .boolean)
        }
        let text = inner.text([kind.isText ? .folded : kind])
        let value = kind.isText || kind == .code ? a.collated : a.converted(kind)
        return Term(
            kith: "(\(a.kith) \(not)IN (\(text.kith)))",
            oracle: "(\(value) \(not)IN (\(text.oracle)))",
            kind: .boolean
        )
    }
}
