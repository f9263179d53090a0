// The contacts that every server holds: the same values from the same seed, kept by column, so that an encoder copies
// ranges. Twenty attributes, no nulls; the twelve that reads ask for; the two that updates change.

/// One attribute of all contacts.
package struct Column {
    package enum Kind { case text, bool, int32, int64, account }

    package let name: String
    package let kind: Kind
    /// Numbers, and places of accounts.
    package var numbers: [Int64] = []
    /// Ends of texts, and their bytes.
    package var ends: [Int] = []
    package var heap: [UInt8] = []

    package func textRange(_ row: Int) -> Range<Int> { (row == 0 ? 0 : ends[row - 1])..<ends[row] }
}

package struct Dataset {
    /// Place of a column in `columns`.
    package enum Place {
        package static let telephone = 7
        package static let income = 14
    }

    package let recordCount: Int
    package let accountCount: Int
    package private(set) var columns: [Column]
    /// What a read asks for.
    package let readColumns = [1, 2, 3, 4, 5, 7, 9, 10, 13, 14, 17, 18]
    /// What an update changes.
    package let updateColumns = [Place.telephone, Place.income]

    private static let givenNames = [
        "Ada", "Bruno", "Chiara", "David", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katarina", "Luis",
        "Maja",
        "Nils", "Olga", "Paul", "Rosa", "Samir", "Tereza", "Uwe", "Vera", "Yusuf",
    ]
    private static let familyNames = [
        "Albrecht", "Bianchi", "Castro", "Dvorak", "Eriksen", "Fontaine", "Garcia", "Hoffmann", "Ivanova", "Jensen",
        "Kowal",
        "Lindqvist", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Romano", "Schmidt", "Tanaka", "Ueda", "Vogel",
        "Weber",
    ]
    private static let jobs = [
        "Buyer", "Head of purchasing", "Engineer", "Managing director", "Assistant", "Accountant",
    ]
    private static let departments = ["Purchasing", "Engineering", "Finance", "Operations", "Sales"]
    private static let cities = [
        "Graz", "Lyon", "Porto", "Aarhus", "Brno", "Turin", "Bremen", "Utrecht", "Leeds", "Malmo",
    ]
    private static let countries = ["Austria", "France", "Portugal", "Denmark", "Czechia", "Italy", "Germany"]

    package init(recordCount: Int) {
        self.recordCount = recordCount
        accountCount = max(1, recordCount / 20)
        columns = [
            Column(name: "externalid", kind: .text), Column(name: "fullname", kind: .text),
            Column(name: "firstname", kind: .text), Column(name: "lastname", kind: .text),
            Column(name: "parentcustomerid", kind: .account), Column(name: "jobtitle", kind: .text),
            Column(name: "department", kind: .text), Column(name: "telephone1", kind: .text),
            Column(name: "mobilephone", kind: .text), Column(name: "emailaddress1", kind: .text),
            Column(name: "gendercode", kind: .int32), Column(name: "familystatuscode", kind: .int32),
            Column(name: "numberofchildren", kind: .int64), Column(name: "birthdate", kind: .int32),
            Column(name: "annualincome", kind: .int64), Column(name: "creditonhold", kind: .bool),
            Column(name: "address1_line1", kind: .text), Column(name: "address1_city", kind: .text),
            Column(name: "address1_postalcode", kind: .text), Column(name: "address1_country", kind: .text),
        ]
        for place in columns.indices {
            // The column moves out while it grows, so that it is not copied.
            var column = columns[place]
            columns[place] = Column(name: column.name, kind: column.kind)
            for row in 0..<recordCount { append(place, row, to: &column) }
            columns[place] = column
        }
    }

    /// A number that depends on the row and on what it is for, and on nothing else.
    private func hash(_ row: Int, _ use: Int) -> Int {
        var random = Random(state: UInt64(row) &* 64 &+ UInt64(use))
        return Int(random.next() >> 2)
    }

    private func pick(_ list: [String], _ row: Int, _ use: Int) -> String { list[hash(row, use) % list.count] }

    private func append(_ place: Int, _ row: Int, to column: inout Column) {
        let given = pick(Dataset.givenNames, row, 1)
        // As many different surnames as a real CRM has: ordered indexes must have something to order.
        let family = pick(Dataset.familyNames, row, 2)
        let suffix = String(hash(row, 3) % 5000, radix: 36)
        switch place {
        case 0:
            column.heap.ascii("C-")
            column.heap.decimal(row, digits: 9)
        case 1: column.heap.append(contentsOf: "\(given) \(family)-\(suffix)".utf8)
        case 2: column.heap.append(contentsOf: given.utf8)
        case 3: column.heap.append(contentsOf: "\(family)-\(suffix)".utf8)
        case 4: column.numbers.append(Int64(hash(row, 4) % accountCount))
        case 5: column.heap.append(contentsOf: pick(Dataset.jobs, row, 5).utf8)
        case 6: column.heap.append(contentsOf: pick(Dataset.departments, row, 6).utf8)
        case Place.telephone: column.heap.append(contentsOf: telephone(row, 0))
        case 8:
            column.heap.ascii("+44 7700 ")
            column.heap.decimal(hash(row, 8) % 1_000_000, digits: 6)
        case 9: column.heap.append(contentsOf: "\(given.lowercased()).\(row)@example.com".utf8)
        case 10: column.numbers.append(Int64(1 + hash(row, 10) % 2))
        case 11: column.numbers.append(Int64(1 + hash(row, 11) % 4))
        case 12: column.numbers.append(Int64(hash(row, 12) % 5))
        case 13: column.numbers.append(Int64(hash(row, 13) % 18_000 - 3_000))
        case Place.income: column.numbers.append(income(row, 0))
        case 15: column.numbers.append(Int64(hash(row, 15) % 50 == 0 ? 1 : 0))
        case 16: column.heap.append(contentsOf: "\(1 + hash(row, 16) % 200) \(family) Street".utf8)
        case 17: column.heap.append(contentsOf: pick(Dataset.cities, row, 17).utf8)
        case 18: column.heap.decimal(hash(row, 18) % 100_000, digits: 5)
        default: column.heap.append(contentsOf: pick(Dataset.countries, row, 19).utf8)
        }
        if column.kind == .text { column.ends.append(column.heap.count) }
    }

    /// The telephone number after update `generation`; 0 is what was loaded. Always as long.
    package func telephone(_ row: Int, _ generation: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.ascii("+43 316 ")
        text.decimal((hash(row, 7) + generation) % 10_000_000, digits: 7)
        return text
    }

    /// The income after update `generation`, in ten-thousandths.
    package func income(_ row: Int, _ generation: Int) -> Int64 {
        Int64(20_000 + (hash(row, 14) + generation) % 150_000) * 10_000
    }

    /// A text as it stands after update `generation`.
    package func text(_ place: Int, _ row: Int, _ generation: Int) -> ArraySlice<UInt8> {
        if generation > 0, place == Place.telephone { return telephone(row, generation)[...] }
        return columns[place].heap[columns[place].textRange(row)]
    }

    /// A number as it stands after update `generation`.
    package func number(_ place: Int, _ row: Int, _ generation: Int) -> Int64 {
        if generation > 0, place == Place.income { return income(row, generation) }
        return columns[place].numbers[row]
    }

    /// A column of values of Kith's codec (docs/protocol.md), none of them null. Accounts have a run of ids.
    package func appendColumn(
        _ place: Int,
        _ rows: some Collection<Int>,
        generation: Int,
        firstAccount: UInt64,
        to body: inout [UInt8]
    ) {
        body.append(0)
        switch columns[place].kind {
        case .text:
            var end: UInt32 = 0
            for row in rows {
                end += UInt32(text(place, row, generation).count)
                body.little(end)
            }
            for row in rows { body.append(contentsOf: text(place, row, generation)) }
        case .bool: for row in rows { body.append(UInt8(number(place, row, generation))) }
        case .int32: for row in rows { body.little(Int32(number(place, row, generation))) }
        case .int64: for row in rows { body.little(number(place, row, generation)) }
        case .account: for row in rows { body.little(firstAccount + UInt64(number(place, row, generation))) }
        }
    }
}
