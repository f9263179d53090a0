import StrictYAML

/// Why a schema file cannot be read, and where.
public struct SchemaFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public var message: String
    /// From 1; 0 where no line is concerned.
    public var line: Int
    /// From 1; 0 where no column is known.
    public var column: Int

    init(_ error: YAMLError) {
        (message, line, column) = (error.message, error.line, error.column)
    }

    /// `12:5: message`.
    public var description: String { line == 0 ? message : "\(line):\(max(column, 1)): \(message)" }
}
