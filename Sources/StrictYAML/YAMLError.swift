/// Why a file is not what it should be, and where.
package struct YAMLError: Error, CustomStringConvertible {
    /// What is wrong, without the place.
    package let message: String
    /// From 1; 0 where no line is concerned.
    package let line: Int
    /// From 1; 0 where no column is known.
    package let column: Int
    /// Whether a bound was passed.
    package let isLimit: Bool

    package init(_ message: String, line: Int = 0, column: Int = 0, isLimit: Bool = false) {
        self.message = message
        self.line = line
        self.column = column
        self.isLimit = isLimit
    }

    /// What is wrong, and in which line.
    package var description: String { line == 0 ? message : "\(message) (line \(line))" }
}
