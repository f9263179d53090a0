import Engine
import Import
import TestSupport
import Testing

/// Rows of a table through a mapping, as `value|value`, or the reason why a row is rejected.
private func convert(_ attributes: String, _ table: String, entity: String = "account") throws -> [String] {
    let directory = try TemporaryDirectory()
    let path = try directory.write("t.csv", table)
    let indented = attributes.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
    let mapping = try ImportMapping(
        yaml: "files:\n  - file: t.csv\n    entity: \(entity)\n    attributes:\n\(indented)\n"
    )
    var reader = try TableReader(path: path, dialect: mapping.files[0].dialect, limits: ImportLimits())
    let plan = try StepPlan(mapping.files[0], schema: .standard, columns: reader.columns, laterEntities: [])
    var record = CSVRecord()
    var row = TypedRow()
    var rows: [String] = []
    while case .record = try reader.next(into: &record) {
        do throws(RowFault) {
            try plan.fill(&row, from: record)
            rows.append(
                row.cells.indices.map { index in
                    switch row.cells[index] {
                    case .null: "-"
                    case .number(let number): String(number)
                    case .text: row.string(index) ?? ""
                    }
                }.joined(separator: "|")
            )
        } catch {
            rows.append("! \(error)")
        }
    }
    return rows
}

@Suite struct StepPlanTests {
    @Test func textIsTrimmedMappedAndBounded() throws {
        let rows = try convert(
            "name: {column: a, map: {x: Ex, y: ''}, default: none}\naccountnumber: {column: b, trim: no, null: [NULL]}",
            "a,b\n x , 1 \ny,NULL\n\u{A0}z\u{A0},\n,\(String(repeating: "é", count: 51))\n1,2,3\n"
        )
        #expect(
            rows == [
                "Ex| 1 ", "none|-", "z|-", "! b: has 51 characters; accountnumber keeps 50",
                "! the row has 3 cells instead of 2",
            ]
        )
    }

    @Test func textsThatAMapDoesNotListAreKeptNulledOrRejected() throws {
        let rows = try convert(
            """
            name: {column: a, map: {x: Ex}}
            accountnumber: {column: b, map: {x: Ex}, else: null}
            telephone1: {column: c, map: {x: Ex}, else: reject}
            """,
            "a,b,c\nx,x,x\ny,y,\ny,y,y\n"
        )
        #expect(rows == ["Ex|Ex|Ex", "y|-|-", "! c: 'y' is not in the value map"])
    }

    @Test func typesAreConverted() throws {
        let rows = try convert(
            """
            name: {constant: A}
            revenue: r
            numberofemployees: n
            creditonhold: h
            customertypecode: c
            statecode: {column: s, map: {gone: Inactive}}
            address1_latitude: l
            """,
            "r,n,h,c,s,l\n1.5,7,YES,supplier,gone,42.57952\n,,0,3,Active,\n1,2,3,4,5,6\n1,2,1,zzz,,\n1,-1,,,,\n,,,,,90.00001\n"
        )
        #expect(rows[0] == "A|15000|7|1|10|1|4257952")
        #expect(rows[1] == "A|-|-|0|3|0|-")
        #expect(rows[2].hasPrefix("! h: '3' is neither"))
        #expect(rows[3] == "! c: 'zzz' is no option of customertypecode")
        #expect(rows[4] == "! n: '-1' is outside 0 to 1000000000")
        #expect(rows[5] == "! l: '90.00001' is outside -90.00000 to 90.00000")
    }

    @Test func datesTryTheirFormatsInOrder() throws {
        let rows = try convert(
            "name: {constant: A}\nengagedon: {column: d, format: [d/M/yy, yyyy-MM-dd]}\nactualclosedate: e",
            "d,e\n1/3/17,2017-03-01 23:59:59\n2017-03-01,\n1.3.17,\n",
            entity: "opportunity"
        )
        #expect(rows == ["A|17226|17226", "A|17226|-", "! d: '1.3.17' is no date of the form d/M/yy, yyyy-MM-dd"])
    }

    @Test func templatesAndFirstOf() throws {
        let rows = try convert(
            "name: {column: [a, b], null: [NULL]}\nindustry: {template: '{a}/{b}', null: [NULL]}",
            "a,b\n1,2\n,2\nNULL,2\n"
        )
        #expect(rows == ["1|1/2", "2|/2", "2|/2"])
        #expect(try convert("name: {column: [a, b]}", "a,b\n,\n") == ["! name: name needs a value"])
        #expect(try convert("name: a\nindustry: {template: '{a}/{b}'}", "a,b,c\nx,y,z\n") == ["x|x/y"])
    }

    @Test(arguments: [
        ("nam: a", "there is", "account has no attribute 'nam'; did you mean 'name'?"),
        ("name: b", "", "has no column 'b'; did you mean 'a'?"),
        ("name: town", "", "has no column 'town', but 'a' (line 5"),
        (
            "name: a\npreferredcontactmethodcode: {column: a, map: {'1': Any, '2': Pigeon}}", "",
            "preferredcontactmethodcode: 'Pigeon' is no option of preferredcontactmethodcode (line 6); it has: 'Any', 'E-mail'"
        ),
        ("name: a\nrevenue: {column: a, default: none}", "", "account.revenue: 'none' is not a number (line 6)"),
        ("name: a\nrevenue: {constant: none}", "", "account.revenue: 'none' is not a number (line 6)"),
        ("accountid: a", "", "account.accountid is kept by the engine"),
        ("name: {column: a, lookup: account}", "", "name is no lookup"),
        ("parentaccountid: a", "", "parentaccountid refers to account: say 'lookup:"),
        (
            "parentaccountid: {column: a, lookup: {by: name}}", "",
            "'name' is no key of account, which has: externalid, accountnumber"
        ),
        ("parentaccountid: {column: a, lookup: contact}", "", "refers to account, not to contact"),
        ("ownerid: {column: a, lookup: {by: externalid}}", "", "needs 'entity', one of systemuser, team"),
    ])
    func wrongNamesAreRefused(attributes: String, _: String, message: String) throws {
        let error = #expect(throws: ImportError.self) { try convert(attributes, "a\n1\n") }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func aTableWithoutHeader() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("t.csv", "1,2\n3,4\n")
        var reader = try TableReader(path: path, dialect: CSVDialect(hasHeader: false), limits: ImportLimits())
        #expect(reader.columns == ["1", "2"])
        var record = CSVRecord()
        var lines: [Int] = []
        while case .record = try reader.next(into: &record) { lines.append(record.line) }
        #expect(lines == [1, 2])
    }
}
