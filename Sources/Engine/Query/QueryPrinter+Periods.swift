extension QueryPrinter {
    /// What stands behind DURING.
    static func text(of period: Period) -> String {
        let operands = period.operands.map(operandText)
        let first = operands.first ?? ""
        let unit = unitText(period.unit)
        switch period.kind {
        case .shifted:
            let number: Int64 =
                if case .literal(.integer(let number))? = period.operands.first?.kind { number } else { 0 }
            return "\(number < 0 ? "LAST" : number > 0 ? "NEXT" : "THIS") \(unit)"
        case .last: return "LAST \(first) \(unit)S"
        case .next: return "NEXT \(first) \(unit)S"
        case .olderThan: return "OLDER THAN \(first) \(unit)S"
        case .on: return "ON \(first)"
        case .onOrAfter: return "ON OR AFTER \(first)"
        case .onOrBefore: return "ON OR BEFORE \(first)"
        case .fiscalYear: return "FISCAL YEAR \(first)"
        case .fiscalPeriod: return "FISCAL PERIOD \(first)"
        case .fiscalPeriodOfYear, .fiscalPeriodOrAfter, .fiscalPeriodOrBefore:
            let text = "FISCAL YEAR \(operands.joined(separator: " PERIOD "))"
            switch period.kind {
            case .fiscalPeriodOrAfter: return "ON OR AFTER \(text)"
            case .fiscalPeriodOrBefore: return "ON OR BEFORE \(text)"
            default: return text
            }
        }
    }

    private static func unitText(_ unit: CalendarUnit) -> String {
        switch unit {
        case .fiscalPeriod: "FISCAL PERIOD"
        case .fiscalQuarter: "FISCAL QUARTER"
        case .fiscalYear: "FISCAL YEAR"
        default: unit.name.uppercased()
        }
    }
}
