import Import
import Testing

private func failure(_ yaml: String) -> String {
    do throws(ImportError) {
        _ = try ImportMapping(yaml: yaml)
        return ""
    } catch {
        return error.message
    }
}

private func failure(attribute: String) -> String {
    failure("files:\n  - file: a.csv\n    entity: account\n    attributes:\n      \(attribute)\n")
}

@Suite struct MappingTests {
    @Test func everyScalarIsText() throws {
        let mapping = try ImportMapping(
            yaml: """
                files:
                  - file: a.csv
                    entity: account
                    attributes:
                      name: {column: country, map: {NO: Norway, yes: 1.0, 0x10: ~, 2001-01-01: null, 007: bond}}
                """
        )
        let map = mapping.files[0].attributes[0].valueMap
        #expect(map == ["NO": "Norway", "yes": "1.0", "0x10": "~", "2001-01-01": "null", "007": "bond"])
    }

    @Test func defaultsReachFilesAndAttributes() throws {
        let mapping = try ImportMapping(
            yaml: """
                defaults: {delimiter: semicolon, decimal: ",", null: [NULL, N/A], format: d.M.yy}
                files:
                  - file: a.csv
                    entity: account
                    thousands: "."
                    attributes:
                      revenue: umsatz
                      name: {column: firma, null: [-]}
                  - file: b.csv
                    entity: account
                    delimiter: tab
                    encoding: latin-1
                    header: no
                    attributes: {name: {template: "{1} {{x}} {2}"}}
                """
        )
        let first = mapping.files[0]
        #expect(first.dialect.delimiter == UInt8(ascii: ";"))
        #expect(first.attributes[0].number.decimalSeparator == UInt8(ascii: ","))
        #expect(first.attributes[0].number.groupSeparator == UInt8(ascii: "."))
        #expect(first.attributes[0].nullTexts == ["NULL", "N/A"])
        #expect(first.attributes[0].dates.map(\.pattern) == ["d.M.yy"])
        #expect(first.attributes[1].nullTexts == ["-"])
        let second = mapping.files[1]
        #expect(second.dialect == CSVDialect(delimiter: 9, encoding: .latin1, hasHeader: false))
        #expect(second.attributes[0].number.groupSeparator == nil)
    }

    @Test(arguments: [
        ("nmae: {colunm: x}", "attribute 'nmae' has no field 'colunm'; did you mean 'column'? (line 5)"),
        ("name: {}", "attribute 'name' needs exactly one of 'column', 'template' and 'constant' (line 5)"),
        (
            "name: {column: a, constant: b}",
            "attribute 'name' needs exactly one of 'column', 'template' and 'constant' (line 5)"
        ),
        ("name: {template: '{a'}", "the template has a { without } (line 5)"),
        ("name: {template: 'abc'}", "the template names no {column}; say 'constant' (line 5)"),
        ("name: {column: a, format: DD.MM.YY}", "the pattern 'DD.MM.YY' has 'DD', which is none of"),
        ("name: {column: a, else: reject}", "'else' needs a 'map' (line 5)"),
        ("name: {column: a, map: {a: b}, else: explode}", "'else' must be one of keep, null, reject (line 5)"),
        ("name: {column: a, required: maybe}", "'required' must be yes or no (line 5)"),
        ("name: {column: a, timezone: Europe/Berlin}", "'timezone' must be an offset such as +02:00 or Z (line 5)"),
        ("name: {column: a, multiply: 12}", "'multiply' must be 10, 100, 1000, … (line 5)"),
        ("name: {column: a, decimal: ',', thousands: ','}", "'decimal' and 'thousands' are the same (line 5)"),
        ("name: &x a", "anchors (&name) are not allowed in a mapping (line 5)"),
        ("name: *x", "aliases (*name) are not allowed in a mapping"),
        ("name: [*x]", "aliases (*name) are not allowed in a mapping"),
        ("externalid: a", "'externalid' is mapped but not the key"),
        ("name: a\n      name: b", "'name' is there twice"),
        ("name: \"a", "the mapping is not YAML"),
    ])
    func mistakesAreNamedWithTheirLine(attribute: String, message: String) {
        let found = failure(attribute: attribute)
        #expect(found.contains(message), "\(found)")
    }

    @Test func structureIsChecked() {
        #expect(failure("").contains("empty"))
        #expect(failure("files: []").contains("needs 'files'"))
        #expect(failure("fils:\n- file: a").contains("did you mean 'files'?"))
        #expect(failure("files:\n- entity: account\n  attributes: {name: a}") == "a file needs 'file' (line 2)")
        #expect(failure("files:\n- file: a\n  entity: account").contains("a file needs 'attributes'"))
        #expect(
            failure("files:\n- file: a\n  entity: account\n  key: x\n  attributes: {name: a}").contains(
                "'x' is not among"
            )
        )
        #expect(failure("--- a\n--- b\n").contains("another document"))
    }

    @Test func limitsHold() {
        #expect(failure(String(repeating: "#\n", count: 600_000)).contains("longer than"))
        #expect(
            failure("files: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)).contains(
                "too deep"
            )
        )
        #expect(failure("files: " + String(repeating: "[", count: 100_000)).contains("not YAML"))
        #expect(failure(String(repeating: "- ", count: 100_000)).contains("not YAML"))
    }

    @Test func aStarOrAmpersandInTextIsText() throws {
        let mapping = try ImportMapping(
            yaml: """
                # *not an alias*, & no anchor
                files:
                  - file: a.csv
                    entity: account
                    attributes:
                      name: {column: "*name*", map: {"*": star, AT&T: "&phone", a: b * c}}
                """
        )
        #expect(mapping.files[0].attributes[0].valueMap == ["*": "star", "AT&T": "&phone", "a": "b * c"])
    }
}
