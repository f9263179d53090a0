import StrictYAML

/// What a mapping file says: which files to read in which order, and how their columns become attributes. The language
/// is described in docs/import.md. Names are checked against the schema when the run is planned.
public struct ImportMapping: Sendable {
    /// The steps in the order of the file.
    package var files: [FileMapping]
    /// SHA-256 of the mapping's text: a run resumes only under the mapping with which it began.
    package var digest: FileDigest

    /// Reads a mapping file's text.
    ///
    /// - Throws: ``ImportError`` with code `mapping` or `limit` and the line in question.
    public init(yaml: String, limits: ImportLimits = ImportLimits()) throws(ImportError) {
        do throws(YAMLError) {
            files = try MappingParser(limits: limits).parse(yaml)
        } catch {
            throw ImportError(error.isLimit ? .limit : .mapping, error.description)
        }
        digest = try FileDigest(of: Array(yaml.utf8))
    }

    package init(files: [FileMapping], digest: FileDigest) {
        self.files = files
        self.digest = digest
    }
}

/// One pass over one file: its rows become records of one entity. A file may be passed over several times.
package struct FileMapping: Sendable {
    package var file: String
    package var line: Int
    package var entity: String
    package var dialect: CSVDialect
    /// The attributes of the alternate key that says which record a row is. Empty: the row is identified by the file's
    /// hash and the line.
    package var key: [String]
    package var attributes: [AttributeMapping]
    /// Rows that are taken; nil takes all.
    package var condition: RowCondition?
}

/// `when`: rows whose cell is (or is not) one of some texts.
package struct RowCondition: Sendable {
    package var column: String
    package var line: Int
    package var texts: Set<String>
    /// False: rows whose cell is one of the texts are left out.
    package var takesMatches: Bool
}

/// How one attribute gets its value.
package struct AttributeMapping: Sendable {
    package enum Source: Sendable {
        /// The first of these columns that is not empty.
        case columns([String])
        /// Text with columns in braces.
        case template([TemplatePart])
        case constant(String)
    }

    package enum TemplatePart: Sendable {
        case literal(String)
        case column(String)
    }

    /// What becomes of a text that the value map does not list.
    package enum Unmapped: String, Sendable, CaseIterable {
        case keep
        case null
        case reject
    }

    /// What becomes of a row that refers to a record that is not there.
    package enum Missing: String, Sendable, CaseIterable {
        case reject
        case null
    }

    package struct Lookup: Sendable {
        /// Target entity; nil when the attribute has only one.
        package var entity: String?
        /// Attribute of the target that is, alone, an alternate key.
        package var by: String
        package var missing: Missing
    }

    package var name: String
    package var line: Int
    package var source: Source
    package var trims: Bool
    package var nullTexts: Set<String>
    /// Texts to replace; an empty replacement is null.
    package var valueMap: [String: String]
    package var unmapped: Unmapped
    /// Text that stands in for null, after the value map.
    package var defaultText: String?
    package var isRequired: Bool
    package var number: NumberFormat
    package var dates: [DateFormat]
    package var offsetMinutes: Int
    package var yesTexts: Set<String>
    package var noTexts: Set<String>
    package var lookup: Lookup?
}
