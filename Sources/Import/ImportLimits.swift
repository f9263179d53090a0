import StrictYAML

/// Every bound that keeps a file or a mapping from taking memory or time without end. Passing one is reported, with the
/// limit's value, as an error of the run (mapping, header) or as the reason why a row is rejected.
public struct ImportLimits: Sendable {
    /// Cells in one row. SQL servers stop between 1,024 and 4,096 columns; a file with more is a wrong delimiter.
    public var columnCountMax = 4_096
    /// Bytes of one cell after quotes are removed.
    public var cellBytesMax = 1 << 20
    /// Bytes of one row, quotes and line breaks included. The reader's window grows to twice this at most.
    public var recordBytesMax = 8 << 20
    /// Rows whose quotes never close, or that pass a limit, before the file is given up: each costs a search up to
    /// `recordBytesMax`, and a file with a thousand of them is not the CSV dialect that the mapping says.
    public var malformedRecordCountMax = 1_000
    /// Bytes of a mapping file.
    public var mappingBytesMax = 1 << 20
    /// Nested levels in a mapping; the language itself needs 7.
    public var mappingDepthMax = 16

    public init() {}

    /// The bounds of a mapping as a YAML document.
    var yaml: YAMLNode.Limits { YAMLNode.Limits(bytesMax: mappingBytesMax, depthMax: mappingDepthMax) }
}
