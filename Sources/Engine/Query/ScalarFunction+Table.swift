// The one list of functions: how they are written, what they take and what they give. The parser, the binder, the printer
// and the table in docs/queries.md (a test compares) all read it.

extension ScalarFunction {
    /// What may stand in a place of a function.
    enum OperandKind {
        /// Anything; what goes together is the function's own rule.
        case any
        case text
        case number
        case integer
        /// A whole number that is written out, since the type of the result depends on it.
        case constant
        /// A date or a moment.
        case date
        case moment
        /// The name of a `CalendarUnit`, written out, with or without quotes.
        case unit
    }

    /// One line of the list.
    package struct Signature {
        var function: ScalarFunction
        /// The first is printed.
        var names: [String]
        /// For people, in the form of the documentation.
        var operands: String
        var kinds: [OperandKind]
        /// Operands that cannot be left out.
        var requiredCount: Int
        /// The last operand may be repeated.
        var repeatsLast = false
        /// For people.
        var result: String

        /// As the documentation shows it.
        package var documented: String {
            "| " + names.map { "`\($0.uppercased())(\(operands))`" }.joined(separator: ", ") + " | \(result) |"
        }

        /// What stands in a place.
        func kind(_ place: Int) -> OperandKind { kinds.isEmpty ? .any : kinds[min(place, kinds.count - 1)] }

        func accepts(_ count: Int) -> Bool { count >= requiredCount && (repeatsLast || count <= kinds.count) }
    }

    /// All functions that are called by name. CAST, `||`, `%` and POSITION(… IN …) have forms of their own.
    package static let signatures: [Signature] = [
        Signature(
            .coalesce,
            ["coalesce"],
            "a, b, …",
            [.any],
            1,
            repeatsLast: true,
            "the first that is not null; all have one type"
        ),
        Signature(.nullIf, ["nullif"], "a, b", [.any, .any], 2, "null where a = b, else a"),
        Signature(.absolute, ["abs"], "number", [.number], 1, "the number without its sign"),
        Signature(
            .round,
            ["round"],
            "number [, digits]",
            [.number, .constant],
            1,
            "rounded to so many digits (0 to 10, written out; 0 when left out), halves away from zero"
        ),
        Signature(.floor, ["floor"], "number", [.number], 1, "the largest whole number that is not above"),
        Signature(
            .ceiling,
            ["ceiling", "ceil"],
            "number",
            [.number],
            1,
            "the smallest whole number that is not below"
        ),
        Signature(
            .modulo,
            ["mod"],
            "a, b",
            [.number, .number],
            2,
            "what is left of a divided by b, with the sign of a; also `a % b`"
        ),
        Signature(.lower, ["lower"], "text", [.text], 1, "in lower case"),
        Signature(.upper, ["upper"], "text", [.text], 1, "in upper case"),
        Signature(
            .trim,
            ["trim"],
            "text [, characters]",
            [.text, .text],
            1,
            "without blanks, or any of the characters, at both ends"
        ),
        Signature(.trimStart, ["ltrim"], "text [, characters]", [.text, .text], 1, "the same at the start"),
        Signature(.trimEnd, ["rtrim"], "text [, characters]", [.text, .text], 1, "the same at the end"),
        Signature(.length, ["length", "len"], "text", [.text], 1, "number of characters"),
        Signature(
            .substring,
            ["substring", "substr"],
            "text, start [, count]",
            [.text, .integer, .integer],
            2,
            "characters from the start, counted from 1, or from the end when negative; "
                + "a negative count gives those before"
        ),
        Signature(
            .replace,
            ["replace"],
            "text, old, new",
            [.text, .text, .text],
            3,
            "with every old replaced by new, as written: case and accents count"
        ),
        Signature(
            .concatenate,
            ["concat"],
            "a, b, …",
            [.any],
            1,
            repeatsLast: true,
            "one behind the other as text; null counts as empty"
        ),
        Signature(
            .position,
            ["instr"],
            "text, part",
            [.text, .text],
            2,
            "place of the first occurrence, as written, or 0; also `POSITION(part IN text)`"
        ),
        Signature(.year, ["year"], "date", [.date], 1, "the year"),
        Signature(.quarter, ["quarter"], "date", [.date], 1, "1 to 4"),
        Signature(.month, ["month"], "date", [.date], 1, "1 to 12"),
        Signature(.week, ["week"], "date", [.date], 1, "the week's number under ISO 8601"),
        Signature(.weekYear, ["isoyear"], "date", [.date], 1, "the year that the ISO week belongs to"),
        Signature(.day, ["day"], "date", [.date], 1, "the day of the month"),
        Signature(.weekday, ["weekday"], "date", [.date], 1, "1 for Monday to 7 for Sunday"),
        Signature(.dayOfYear, ["dayofyear"], "date", [.date], 1, "1 to 366"),
        Signature(.hour, ["hour"], "moment", [.moment], 1, "0 to 23"),
        Signature(.minute, ["minute"], "moment", [.moment], 1, "0 to 59"),
        Signature(.second, ["second"], "moment", [.moment], 1, "0 to 59"),
        Signature(.fiscalYear, ["fiscalyear"], "date", [.date], 1, "the fiscal year"),
        Signature(.fiscalQuarter, ["fiscalquarter"], "date", [.date], 1, "the quarter of the fiscal year"),
        Signature(.fiscalPeriod, ["fiscalperiod"], "date", [.date], 1, "the period of the fiscal year"),
        Signature(
            .truncate,
            ["date_trunc"],
            "unit, date",
            [.unit, .date],
            2,
            "the beginning of the date's or moment's unit, as a date or moment"
        ),
        Signature(
            .dateAdd,
            ["dateadd"],
            "unit, number, date",
            [.unit, .integer, .date],
            3,
            "so many units later, or earlier; the 31st becomes a shorter month's last day"
        ),
        Signature(
            .dateDifference,
            ["datediff"],
            "unit, from, to",
            [.unit, .date, .date],
            3,
            "how many boundaries of the unit lie between; of hours, minutes and seconds how many whole ones"
        ),
        Signature(.now, ["now"], "", [], 0, "this moment, the same throughout the query"),
        Signature(.today, ["today"], "", [], 0, "today's date"),
        Signature(.currentUser, ["currentuser"], "", [], 0, "the id of the user who asks, or null"),
        Signature(.left, ["left"], "text, count", [.text, .integer], 2, "the first characters"),
        Signature(.right, ["right"], "text, count", [.text, .integer], 2, "the last characters"),
    ]

    private static let byName: [String: Signature] = {
        var result: [String: Signature] = [:]
        for signature in signatures { for name in signature.names { result[name] = signature } }
        return result
    }()

    private static let byFunction: [ScalarFunction: Signature] = {
        var result: [ScalarFunction: Signature] = [:]
        for signature in signatures + castSignatures { result[signature.function] = signature }
        return result
    }()

    /// What CAST and `||` take; they have no call by name.
    private static let castSignatures: [Signature] = [
        Signature(.castText, ["cast"], "", [.any], 1, ""),
        Signature(.castInteger, ["cast"], "", [.any], 1, ""),
        Signature(.castDecimal, ["cast"], "", [.any, .constant, .constant], 3, ""),
        Signature(.castDouble, ["cast"], "", [.any], 1, ""),
        Signature(.castDate, ["cast"], "", [.any], 1, ""),
        Signature(.castInstant, ["cast"], "", [.any], 1, ""),
        Signature(.castBoolean, ["cast"], "", [.any], 1, ""),
        Signature(.append, ["||"], "", [.any, .any], 2, ""),
    ]

    static func signature(named name: String) -> Signature? { byName[name] }

    /// Names for the suggestion behind an unknown one.
    package static var names: [String] { signatures.flatMap(\.names) + ["cast", "position", "iif"] }

    /// Every function has a line; a test walks them all.
    package var signature: Signature? { ScalarFunction.byFunction[self] }
}

extension ScalarFunction.Signature {
    init(
        _ function: ScalarFunction,
        _ names: [String],
        _ operands: String,
        _ kinds: [ScalarFunction.OperandKind],
        _ requiredCount: Int,
        repeatsLast: Bool = false,
        _ result: String
    ) {
        self.init(
            function: function,
            names: names,
            operands: operands,
            kinds: kinds,
            requiredCount: requiredCount,
            repeatsLast: repeatsLast,
            result: result
        )
    }
}
