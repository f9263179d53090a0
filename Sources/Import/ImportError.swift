/// Why an import cannot start or go on. A row that cannot go in is not an error: it is rejected, and the run goes on.
public struct ImportError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// A file cannot be opened, read or written.
        case file
        /// A file's bytes are not what they should be (damaged gzip, a workbook instead of text, no header row).
        case format
        /// The mapping is wrong: the message names line and column in it.
        case mapping
        /// A limit of ``ImportLimits`` was passed.
        case limit
        /// The database refused or could not be reached.
        case session
    }

    public let code: Code
    /// One sentence that says what is wrong, where, and, if known, what to do.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
