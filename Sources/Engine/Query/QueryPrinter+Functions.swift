extension QueryPrinter {
    /// A function as SQL writes it.
    static func call(_ function: ScalarFunction, _ operands: [Expression]) -> String {
        func cast(_ type: String) -> String { "CAST(\(operands.first.map { text(of: $0) } ?? "") AS \(type))" }
        return switch function {
        case .castText: cast("TEXT")
        case .castInteger: cast("INTEGER")
        case .castDecimal: cast("DECIMAL(\(list(Array(operands.dropFirst()))))")
        case .castDouble: cast("DOUBLE")
        case .castDate: cast("DATE")
        case .castInstant: cast("DATETIME")
        case .castBoolean: cast("BOOLEAN")
        case .append: operands.map(operandText).joined(separator: " || ")
        default: "\(function.signature?.names[0] ?? "")(\(list(operands)))"
        }
    }
}
