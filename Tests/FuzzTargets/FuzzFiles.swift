import Engine
import Import
import SchemaFile
import TestSupport

/// Files that people write: tables, mappings, schemas.
enum FuzzFiles {
    /// Small limits are met by small inputs.
    private static let limits = {
        var limits = ImportLimits()
        limits.columnCountMax = 64
        limits.cellBytesMax = 256
        limits.recordBytesMax = 1024
        limits.malformedRecordCountMax = 8
        return limits
    }()

    static func json(_ bytes: UnsafeRawBufferPointer) {
        do {
            let directory = try TemporaryDirectory()
            let path = try directory.write("table.json", Array(bytes))
            var reader = try TableReader(path: path, dialect: CSVDialect(), limits: limits)
            var record = CSVRecord()
            while try reader.next(into: &record) != .end {
                for cell in 0..<record.cellCount { _ = record.text(cell) }
            }
        } catch {}
    }

    static func csv(_ bytes: UnsafeRawBufferPointer) {
        do {
            let directory = try TemporaryDirectory()
            let source = try ByteSource(path: try directory.write("table.csv", Array(bytes)))
            var reader = try CSVReader(try TextSource(source, encoding: .detect), delimiter: nil, limits: limits)
            var record = CSVRecord()
            while try reader.next(into: &record) != .end {
                for cell in 0..<record.cellCount { _ = record.text(cell) }
            }
        } catch {}
    }

    static func mappings(_ bytes: UnsafeRawBufferPointer) {
        _ = try? ImportMapping(yaml: String(decoding: bytes, as: UTF8.self))
    }

    static func schemas(_ bytes: UnsafeRawBufferPointer) {
        guard let document = try? SchemaDocument(yaml: String(decoding: bytes, as: UTF8.self)) else { return }
        let engine = FuzzEngine.seeded()
        var entry = ByteWriter()
        var reply = ByteWriter()
        SchemaRequest(document).encoded.withUnsafeBytes { request in
            _ = try? engine.changeSchema(
                request,
                ahead: nil,
                context: CommandContext(timeMicroseconds: 1_000_000),
                entry: &entry,
                reply: &reply
            )
        }
        engine.checkInvariants()
    }

    // MARK: Seeds

    static let tables = [
        "name,revenue\r\nAdam,5\r\n\"Be\"\"rta\nand, more\",\r\n", "\u{FEFF}name;city\nÄrger;Zürich\n",
        "a\tb\n1\t\n",
    ]

    static let records = [
        #"{"records": [{"a": {"b": "x\u00e9\n"}, "c": [1, "2"], "d": null}, {"d": -1.5e3, "a": true}], "n": {}}"#,
        #"[{"t": "\ud83d\ude00", "u": {"v": {"w": 1}}}, {}]"#,
    ]

    static let mappings = [
        """
        version: 1
        files:
          - file: accounts.csv
            entity: account
            key: accountnumber
            columns:
              number: accountnumber
              name: {to: name, trim: true}
              sector: {to: industrycode, values: {NO: 1, yes: 2}}
            constants: {statecode: Active}
        """
    ]

    static let schemas = [
        """
        version: 1
        entities:
          project:
            label: Project
            ownership: organisation
            primary: name
            attributes:
              name: {type: text, length: 100, label: Name, required: true}
              accountid: {type: lookup, to: [account], label: Account, ondelete: cascade}
              budget: {type: money, label: Budget}
        """
    ]
}
