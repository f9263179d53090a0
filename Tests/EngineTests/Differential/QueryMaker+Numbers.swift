// Numbers: columns, arithmetic, functions of them, of texts and of dates.

import Engine

extension QueryMaker {
    private func number(_ kith: String, _ oracle: String, _ kind: Kind, _ magnitude: Double) -> Term? {
        magnitude > Self.magnitudeMax ? nil : Term(kith: kith, oracle: oracle, kind: kind, magnitude: magnitude)
    }

    /// A whole number.
    mutating func integer(_ depth: Int) -> Term {
        if depth > 0, let term = integerOperation(depth) { return term }
        if chance(85), let column = column(where: { $0 == .integer }) { return column }
        return literal(.integer)
    }

    /// A whole or a decimal number.
    mutating func exact(_ depth: Int) -> Term {
        if depth > 0, let term = exactOperation(depth) { return term }
        if chance(85), let column = column(where: { if case .decimal = $0 { true } else { false } }) { return column }
        return literal(.decimal(pick([2, 4, 1, 3])))
    }

    private mutating func anyExact(_ depth: Int) -> Term { chance(50) ? integer(depth) : exact(depth) }

    /// A quotient, which is floating point.
    mutating func quotient(_ depth: Int) -> Term {
        let (a, b) = (anyExact(max(0, depth - 1)), anyExact(max(0, depth - 1)))
        if chance(15) {
            return Term(kith: "CAST(\(a.kith) AS DOUBLE)", oracle: a.real, kind: .double, magnitude: a.magnitude)
        }
        return Term(
            kith: "(\(a.kith) / \(b.kith))",
            oracle: "(\(a.real) / \(b.real))",
            kind: .double,
            magnitude: a.magnitude
        )
    }

    private mutating func integerOperation(_ depth: Int) -> Term? {
        switch below(20) {
        case 0, 1, 2: return nil
        case 3, 4, 5, 6: return arithmetic(depth) { $0.integer(depth - 1) }
        case 7:
            guard let a = exactText() else { return nil }
            return number("LENGTH(\(a.kith))", "length(\(a.oracle))", .integer, 1000)
        case 8:
            guard let a = exactText() else { return nil }
            let word = RandomWorld.quoted(pick(["a", "ta", "A", "", "lph", "e_t"]))
            return number("INSTR(\(a.kith), \(word))", "instr(\(a.oracle), \(word))", .integer, 1000)
        case 9, 10: return datePart(depth)
        case 11:
            let (a, b) = (anyExact(depth - 1), anyExact(depth - 1))
            return number(
                "CAST(\(a.kith) / \(b.kith) AS INTEGER)",
                "truncated(\(a.real) / \(b.real))",
                .integer,
                a.magnitude * 1_000_000
            )
        case 12:
            let a = exact(0)
            let unit = Decimal64.powersOfTen[a.kind.scale]
            let name = pick(["FLOOR", "CEILING"])
            let rest =
                name == "FLOOR"
                ? "- iif((\(a.oracle)) % \(unit) < 0, 1, 0)" : "+ iif((\(a.oracle)) % \(unit) > 0, 1, 0)"
            return number("\(name)(\(a.kith))", "((\(a.oracle)) // \(unit) \(rest))", .integer, a.magnitude)
        case 13:
            let a = exact(0)
            return number("ROUND(\(a.kith))", rounded(a, 0), .integer, a.magnitude)
        case 14:
            guard let a = column(where: { if case .option = $0 { true } else { $0 == .boolean } }) else { return nil }
            return number("CAST(\(a.kith) AS INTEGER)", a.oracle, .integer, 200_000)
        case 15, 16: return mayNest ? numberQuery(.integer) : nil
        default: return choice { $0.integer(depth - 1) }
        }
    }

    private mutating func exactOperation(_ depth: Int) -> Term? {
        switch below(16) {
        case 0, 1, 2: return nil
        case 3, 4, 5, 6: return arithmetic(depth) { $0.anyExact(depth - 1) }
        case 7, 8:
            let a = exact(depth - 1)
            let digits = below(5)
            let kind: Kind = digits == 0 ? .integer : a.kind.scale <= digits ? a.kind : .decimal(digits)
            return number("ROUND(\(a.kith), \(digits))", rounded(a, digits), kind, a.magnitude)
        case 9:
            let a = anyExact(depth - 1)
            let scale = below(7)
            let magnitude = a.magnitude * Double(Decimal64.powersOfTen[max(0, scale - a.kind.scale)])
            let oracle = scale < a.kind.scale ? rounded(a, scale) : a.scaled(scale)
            return number("CAST(\(a.kith) AS DECIMAL(18, \(scale)))", oracle, .decimal(scale), magnitude)
        case 10, 11: return mayNest ? numberQuery(.decimal(0)) : nil
        default: return choice { $0.anyExact(depth - 1) }
        }
    }

    /// Halves away from zero, at `digits` behind the point.
    private func rounded(_ term: Term, _ digits: Int) -> String {
        guard term.kind.scale > digits else { return term.oracle }
        let unit = Decimal64.powersOfTen[term.kind.scale - digits]
        return "((\(term.oracle) + iif(\(term.oracle) < 0, -\(unit / 2), \(unit / 2))) // \(unit))"
    }

    private mutating func arithmetic(_ depth: Int, _ make: (inout QueryMaker) -> Term) -> Term? {
        let a = make(&self)
        switch below(8) {
        case 0, 1, 2, 3:
            let b = make(&self)
            guard let kind = Self.common(a.kind, b.kind) else { return nil }
            let sign = pick(["+", "-"])
            let magnitude = a.magnitude * Self.factor(a.kind, kind) + b.magnitude * Self.factor(b.kind, kind)
            return number(
                "(\(a.kith) \(sign) \(b.kith))",
                "(\(a.converted(kind)) \(sign) \(b.converted(kind)))",
                kind,
                magnitude
            )
        case 4: return number("(-\(a.kith))", "(-\(a.oracle))", a.kind, a.magnitude)
        case 5: return number("ABS(\(a.kith))", "abs(\(a.oracle))", a.kind, a.magnitude)
        case 6:
            let b = make(&self)
            guard a.kind.scale + b.kind.scale <= 10 else { return nil }
            let scale = a.kind.scale + b.kind.scale
            let isWhole = a.kind == .integer && b.kind == .integer
            return number(
                "(\(a.kith) * \(b.kith))",
                "(\(a.oracle) * \(b.oracle))",
                isWhole ? .integer : .decimal(scale),
                a.magnitude * b.magnitude
            )
        default:
            let b = make(&self)
            guard let kind = Self.common(a.kind, b.kind) else { return nil }
            let magnitude = max(a.magnitude * Self.factor(a.kind, kind), b.magnitude * Self.factor(b.kind, kind))
            let kith = chance(50) ? "(\(a.kith) % \(b.kith))" : "MOD(\(a.kith), \(b.kith))"
            return number(kith, "(\(a.converted(kind)) % \(b.converted(kind)))", kind, magnitude)
        }
    }
}
