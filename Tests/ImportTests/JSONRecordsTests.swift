import Import
import TestSupport
import Testing

/// JSON files as tables: what is a record, what is a cell, and what ends the reading.
@Suite struct JSONRecordsTests {
    /// The columns and the rows of a file; a row as its cells with `|` between them, behind its number.
    private func table(_ text: String, limits: ImportLimits = ImportLimits()) throws -> [String] {
        let directory = try TemporaryDirectory()
        let path = try directory.write("table.json", text)
        var reader = try TableReader(path: path, dialect: CSVDialect(), limits: limits)
        var lines = [reader.columns.joined(separator: "|")]
        var record = CSVRecord()
        while true {
            switch try reader.next(into: &record) {
            case .end: return lines
            case .malformed(let fault): lines.append("\(record.line): \(fault)")
            case .record:
                lines.append("\(record.line): " + (0..<record.cellCount).map(record.text).joined(separator: "|"))
            }
        }
    }

    private func failure(_ text: String, limits: ImportLimits = ImportLimits()) throws -> String {
        do {
            return "no error: \(try table(text, limits: limits))"
        } catch let error as ImportError {
            return "\(error)"
        }
    }

    @Test func recordsAreTheFirstArray() throws {
        let rows = ["a|b", "1: 1|", "2: |x"]
        #expect(try table(#"[{"a": 1}, {"b": "x"}]"#) == rows)
        #expect(try table(#"{"records": [{"a":1},{"b":"x"}], "more": [{"c":1}]}"#) == rows)
        #expect(try table(#"{"size": 2, "page": {"next": [1, 2]}, "data": [{"a":1},{"b":"x"}]}"#) == rows)
        #expect(try table("[]") == [""])
    }

    @Test func valuesStandAsTheyAreWritten() throws {
        let text = #"[{"n": 1.10, "e": -2E+5, "yes": true, "no": false, "nothing": null, "big": 12345678901234567890}]"#
        #expect(try table(text) == ["n|e|yes|no|nothing|big", "1: 1.10|-2E+5|true|false||12345678901234567890"])
    }

    @Test func objectsInsideAreColumnsOfTheirOwnAndArraysAreCells() throws {
        let text = """
            [ { "attributes" : { "type" : "Account", "of": {"x": 1} }, "Tags" : [ "a" , {"b": [ ]} ], "Name" : "Acme" } ]
            """
        #expect(
            try table(text) == ["attributes.type|attributes.of.x|Tags|Name", #"1: Account|1|["a",{"b":[]}]|Acme"#]
        )
    }

    @Test func textsAreUnescaped() throws {
        let text = #"[{"t": "a\"b\\c\/d\n\u00e9 \ud83d\ude00 \ud83d! \ude00", "ü": "Zürich"}]"#
        #expect(try table(text) == ["t|ü", "1: a\"b\\c/d\n\u{e9} \u{1F600} \u{FFFD}! \u{FFFD}|Zürich"])
    }

    @Test func ofTwoMembersOfANameTheLastCounts() throws {
        #expect(try table(#"[{"a": 1, "a": 2}]"#) == ["a", "1: 2"])
    }

    @Test func aTextWithANullByteRejectsItsRowOnly() throws {
        let rows = try table(#"[{"a": "x\u0000y"}, {"a": "z"}]"#)
        #expect(rows == ["a", "1: \(CSVFault.nulByte(cell: 0))", "2: z"])
    }

    @Test(
        arguments: [
            ("", "has an array of records"), ("42", "has an array of records"),
            (#"{"a": 1}"#, "there is no array of records"),
            ("[1]", "record 1 is no object"), (#"[{"a":1}] [{"a":2}]"#, "something follows the array"),
            (#"[{"a":1},]"#, "nothing follows a comma"), (#"[{"a":1,}]"#, "nothing follows a comma"),
            (#"[{"a":[1,]}]"#, "nothing follows a comma"),
            ("[{\"a\":" + String(repeating: "1", count: 2_000), "longer than"),
            ("[{\"" + String(repeating: "n", count: 2_000), "longer than 1000 bytes"),
            (#"[{"a": 1} {"a": 2}]"#, "line 1: ',' is missing"),
            ("[{\"a\": 1},\n{\"a\": nil}]", "line 2: 'nil' is no value"), (#"[{"a" 1}]"#, "':' is missing"),
            (#"[{"a": "x"#, "ends in the middle"), (#"[{"a": "\x"}]"#, "unknown escape"),
            (#"[{"a": "\u12g4"}]"#, "four hexadecimal digits"), ("[{\"a\": \"x\ny\"}]", "control character"),
            (String(repeating: #"[{"a":"#, count: 1) + String(repeating: #"{"a":"#, count: 40) + "1", "levels"),
            ("[{\"a\":" + String(repeating: "[", count: 40), "levels"),
        ]
    )
    func whatIsNoJSONEndsTheReading(_ text: String, _ reason: String) throws {
        let said = try failure(text)
        #expect(said.contains(reason), "\(said)")
    }

    @Test func recordsAreBounded() throws {
        var limits = ImportLimits()
        limits.columnCountMax = 2
        limits.cellBytesMax = 10
        limits.recordBytesMax = 16
        #expect(try failure(#"[{"a":1,"b":2,"c":3}]"#, limits: limits).contains("more than 2 different members"))
        #expect(try failure(#"[{"a":"12345678901"}]"#, limits: limits).contains("longer than 10 bytes"))
        #expect(try failure(#"[{"a":"123456789","b":"123456789"}]"#, limits: limits).contains("longer than 16 bytes"))
        #expect(try failure(#"[{"a":[1,2,3,4,5,6,7,8,9]}]"#, limits: limits).contains("longer than 16 bytes"))
    }
}
