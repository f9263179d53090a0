import Import
import TestSupport
import Testing

/// Rows as `line: cell|cell`, faults as `line! reason`.
private func cut(
    _ bytes: [UInt8],
    delimiter: UInt8? = nil,
    encoding: TextEncoding = .detect,
    limits: ImportLimits = ImportLimits()
) throws -> [String] {
    let directory = try TemporaryDirectory()
    let source = try ByteSource(path: try directory.write("table.csv", bytes))
    var reader = try CSVReader(try TextSource(source, encoding: encoding), delimiter: delimiter, limits: limits)
    var record = CSVRecord()
    var rows: [String] = []
    while true {
        switch try reader.next(into: &record) {
        case .end: return rows
        case .record:
            rows.append("\(record.line): " + (0..<record.cellCount).map { record.text($0) }.joined(separator: "|"))
        case .malformed(let fault):
            rows.append("\(record.line)! \(fault)")
        }
    }
}

private func cut(_ text: String, delimiter: UInt8? = nil) throws -> [String] {
    try cut(Array(text.utf8), delimiter: delimiter)
}

@Suite struct CSVReaderTests {
    @Test(arguments: [
        ("a,b\n1,2\n", ["1: a|b", "2: 1|2"]),
        ("a,b\r\n1,2\r\n", ["1: a|b", "2: 1|2"]),
        ("a,b\r1,2\r", ["1: a|b", "2: 1|2"]),
        ("a,b\n1,2\r\n3,4\r5,6", ["1: a|b", "2: 1|2", "3: 3|4", "4: 5|6"]),
        ("a,b\n\n\r\n1,2", ["1: a|b", "4: 1|2"]),
        ("a,b\n,\n1,", ["1: a|b", "2: |", "3: 1|"]),
        ("a,b\n\"\",x\n\"\"", ["1: a|b", "2: |x", "3: "]),
        ("", []),
        ("\n\n", []),
    ])
    func rowEnds(text: String, rows: [String]) throws { #expect(try cut(text) == rows) }

    @Test(arguments: [
        ("a,\"b,c\"\n", ["1: a|b,c"]),
        ("a,\"b \"\"c\"\" d\"\n", ["1: a|b \"c\" d"]),
        ("a,\"b\nc\"\n1,2\n", ["1: a|b\nc", "3: 1|2"]),
        ("a,\"b\r\nc\rd\"\r\n1,2\r\n", ["1: a|b\r\nc\rd", "4: 1|2"]),
        ("a,\"b\"  ,c\n", ["1: a|b|c"]),
        ("a,5\" nail,c\n", ["1: a|5\" nail|c"]),
        ("a,\"He said \"hi\" to me\",c\n", ["1: a|He said \"hi\" to me|c"]),
        ("a,\"\"\"\",c\n", ["1: a|\"|c"]),
        ("\"a\"", ["1: a"]),
    ])
    func quotes(text: String, rows: [String]) throws { #expect(try cut(text) == rows) }

    @Test func lostQuoteCostsItsRowOnly() throws {
        #expect(
            try cut("a,b\n1,\"lost\n2,x\n3,y\n") == [
                "1: a|b", "2! a quote at the beginning of a cell is never closed", "3: 2|x", "4: 3|y",
            ]
        )
    }

    /// Rows must not vanish in the cell of a lost quote because a later row has quotes of its own.
    @Test func aLostQuoteDoesNotSwallowRowsUpToAnotherOne() throws {
        let lost = "2! a quote at the beginning of a cell is never closed"
        #expect(
            try cut("a,b,c\n1,\"lost,x\n2,y,\n3,\"z\",w\n4,\"\",v\n") == [
                "1: a|b|c", lost, "3: 2|y|", "4: 3|z|w", "5: 4||v",
            ]
        )
        #expect(try cut("a,b\r\n1,\"lost\r\n\"2\",y\r\n") == ["1: a|b", lost, "3: 2|y"])
        // Text with line breaks and quotes of its own stays text.
        #expect(try cut("a,b\n1,\"one\nsaid \"hi\" they\n\"\"all\"\"\"\n").count == 2)
    }

    @Test(arguments: [",", ";", "\t", "|"]) func delimiterIsDetected(delimiter: String) throws {
        let rows =
            ["first", "second", "third"].joined(separator: delimiter) + "\n1\(delimiter)\"a,b;c|d\te\"\(delimiter)3\n"
        #expect(try cut(rows) == ["1: first|second|third", "2: 1|a,b;c|d\te|3"])
        #expect(try cut("1q2\n", delimiter: UInt8(ascii: "q")) == ["1: 1|2"])
    }

    @Test func decimalCommasDoNotWinOverSemicolons() throws {
        #expect(try cut("a;b\n1,5;2,5\n3,0;4,1\n") == ["1: a|b", "2: 1,5|2,5", "3: 3,0|4,1"])
    }

    @Test func byteOrderMarkAndEncodings() throws {
        #expect(try cut([0xEF, 0xBB, 0xBF] + Array("å,b\n".utf8)) == ["1: å|b"])
        #expect(try cut([0xE5, 0x2C, 0x80, 0x0A]) == ["1: å|€"])
        #expect(try cut([0xC3, 0xA5, 0x2C, 0xE5, 0x0A]) == ["1: å|å"])
        #expect(try cut([0xC3, 0xA5, 0x0A], encoding: .windows1252) == ["1: Ã¥"])
        #expect(
            try cut([0x61, 0x2C, 0xE5, 0x0A, 0x62, 0x0A], encoding: .utf8) == [
                "1! the cell is not valid UTF-8; if the file is older, say 'encoding: windows-1252'", "2: b",
            ]
        )
        let little = "a;\u{1F600}\r\nb;å\r\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try cut([0xFF, 0xFE] + little) == ["1: a|\u{1F600}", "2: b|å"])
        #expect(try cut(little, encoding: .utf16LittleEndian) == ["1: a|\u{1F600}", "2: b|å"])
        let big = "a;å\r\n".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        #expect(try cut([0xFE, 0xFF] + big) == ["1: a|å"])
    }

    @Test func validUTF8IsWhatTheStandardSays() {
        let samples: [[UInt8]] = [
            [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xE2, 0x82], [0x80], [0xFF], [0xE2, 0x82, 0xAC], [0xF0, 0x9F, 0x98, 0x80], [0xED, 0x9F, 0xBF], [],
            [0x61, 0xC3, 0xA5, 0x62], [0xC3], [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        for sample in samples {
            #expect(
                TextEncoding.isValidUTF8(sample.span) == (String(validating: sample, as: UTF8.self) != nil),
                "\(sample)"
            )
        }
    }

    @Test func whatIsNotTextIsRefused() throws {
        for (bytes, word) in [([0x50, 0x4B, 3, 4, 5], "ZIP"), ([0x61, 0, 0x62], "NUL")] as [([UInt8], String)] {
            let error = #expect(throws: ImportError.self) { try cut(bytes) }
            #expect(error?.message.contains(word) == true)
        }
    }

    @Test func limitsHaveReasons() throws {
        var limits = ImportLimits()
        limits.columnCountMax = 3
        limits.cellBytesMax = 10
        limits.recordBytesMax = 25
        let text = "a,b,c\n1,2,3,4\n12345678901,2\n\"12345678901\",2\n\"1234\n6789\",\"1\n2345678\",\"1234\n\"\n5,6\n"
        let rows = try cut(Array(text.utf8), delimiter: UInt8(ascii: ","), limits: limits)
        #expect(rows[0] == "1: a|b|c")
        #expect(rows[1] == "2! the row has more than 3 cells; is the delimiter right?")
        #expect(rows[2] == "3! a cell is longer than 10 bytes")
        #expect(rows[3] == "4! a cell is longer than 10 bytes")
        #expect(rows[4] == "5! the row is longer than 25 bytes; is a quote missing?")
        #expect(rows.last == "9: 5|6")
    }

    @Test func aMillionColumnsIsOneClearFault() throws {
        let header = (1...1_000_000).map { "c\($0)" }.joined(separator: ",")
        let rows = try cut(header + "\na,b\n")
        #expect(rows == ["1! the row has more than 4096 cells; is the delimiter right?", "2: a|b"])
    }

    @Test func tooManyMalformedRowsEndTheFile() throws {
        var limits = ImportLimits()
        limits.malformedRecordCountMax = 5
        let text = String(repeating: "a,b\0\n", count: 4) + "c\n"
        // NUL bytes beyond the file's first 4,096 pass the check for binary files and are found row by row.
        let padding = String(repeating: "x,y\n", count: 2_000)
        #expect(try cut(Array((padding + text).utf8), limits: limits).count == 2_005)
        limits.malformedRecordCountMax = 3
        #expect(throws: ImportError.self) { try cut(Array((padding + text).utf8), limits: limits) }
    }

    /// The window is 256 KiB: rows of every length must come out the same wherever its border falls, and whatever ends
    /// them.
    @Test(arguments: ["\n", "\r\n", "\r"]) func windowBordersAreInvisible(lineEnd: String) throws {
        var text = ""
        var expected: [String] = []
        var line = 1
        for index in 0..<20_000 {
            let cell = String(repeating: "é", count: index % 37)
            let isQuoted = index % 3 == 0
            text += "\(index);" + (isQuoted ? "\"\(cell)\"\"\n\"" : cell) + lineEnd
            expected.append("\(line): \(index)|\(cell)" + (isQuoted ? "\"\n" : ""))
            line += isQuoted ? 2 : 1
        }
        #expect(try cut(text, delimiter: UInt8(ascii: ";")) == expected)
    }

    @Test func aCellLargerThanTheWindow() throws {
        let cell = String(repeating: "0123456789\n", count: 60_000)
        let rows = try cut("a,\"\(cell)\"\nb,c\n")
        #expect(rows == ["1: a|\(cell)", "60002: b|c"])
    }
}
