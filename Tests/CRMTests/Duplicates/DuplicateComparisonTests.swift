import CRM
import Engine
import Testing

/// What each comparison takes for the same and what not. Every pair is asked both ways.
@Suite struct DuplicateComparisonTests {
    static let alike: [(DuplicateComparison, Value, Value)] = [
        (.same, "Acme", " ACME "), (.same, "José", "jose"), (.same, 7, 7), (.same, .date(1), .date(1)),
        (.same, .decimal(.init(units: 5, scale: 2)), .decimal(.init(units: 5, scale: 2))),
        (.same, .reference(DuplicateRecords.id(4)), .reference(DuplicateRecords.id(4))), (.same, true, true),
        (.firstCharacters(3), "Müller", "MULDER"), (.firstCharacters(5), "ann", "Ann"),
        (.firstCharacters(1), "ж", "жук"), (.lastCharacters(4), "Main Street", "High street"),
        (.firstCharacters(6), "12 S. Main", "12, s main street"), (.lastCharacters(3), "AB-12", "xb 12!"),
        (.lastCharacters(2), "日本語", "英本語"),
        (.sameWords, "Keller, Anna", "anna KELLER"), (.sameWords, "O’Brien Pat", "Pat OBrien"),
        (.sameWords, "Jean-Luc Picard", "Picard Jean Luc"),
        (.sameCompany, "Acme GmbH", "ACME"), (.sameCompany, "Acme G.m.b.H. & Co. KG", "acme"),
        (.sameCompany, "The Acme Trading Co., Inc.", "Acme Trading"),
        (.sameCompany, "Smith and Sons Ltd", "Smith & Sons"),
        (.sameCompany, "I.B.M. Corp.", "IBM"), (.sameCompany, "OOO Ромашка", "Ромашка"),
        (.sameCompany, "Nowak sp. z o.o.", "Nowak"), (.sameCompany, "Grupo Sol S.A. de C.V.", "Grupo Sol"),
        (.sameCompany, "Weber AG", "Weber SE"),
        (.samePhone, "+49 (0)30 1234567", "030/123 45 67"), (.samePhone, "0049 30 1234567", "+49 30 1234567"),
        (.samePhone, "+1 312 555 0199", "(312) 555-0199"), (.samePhone, "1-312-555-0199", "3125550199"),
        (.samePhone, "+44 20 7946 0958", "020 7946 0958 ext. 12"), (.samePhone, "Tel: 555-0199", "5550199"),
        (.samePhone, "+41 44 668 18 00", "044 668 18 00"), (.samePhone, "+39 06 69812345", "06 69812345"),
        (.sameDomain, "anna@acme.com", "https://www.acme.com/about?x=1"), (.sameDomain, "acme.com:8080", "Acme.COM."),
        (.sameDomain, "Anna Keller <anna@acme.co.uk>", "mailto:bob@ACME.co.uk"),
        (.similar, "Catherine", "Katherine"), (.similar, "Smith", "Smiht"),
        (.similar, "12 Main Street", "12 Main Sreet"),
        (.similar, "Müller", "Mueller"), (.similar, "Anna", "Hanna"),
        (.similar, "12 long commemoration avenue", "12 lnog comemoration avenu"),
        (.similar, "Жуков", "Жухов"),
        (.similarDate, .date(0), .date(0)), (.similarDate, day("1980-03-04"), day("1980-04-03")),
        (.similarDate, day("1980-03-14"), day("1980-03-15")), (.similarDate, day("1980-12-25"), day("1908-12-25")),
        (.similarDate, day("1980-03-14"), day("1990-03-14")),
        (.similarDate, .instant(CalendarText.instant("1960-03-14T23:59:59Z")!), day("1960-03-14")),
    ]

    static let different: [(DuplicateComparison, Value, Value)] = [
        (.same, "Acme", "Acme AG"), (.same, 7, 8), (.same, .null, .null), (.same, "", ""), (.same, " ", " "),
        (.firstCharacters(4), "ann", "anna"), (.firstCharacters(3), "Mayer", "Meyer"),
        (.lastCharacters(3), "abc", "abd"),
        (.sameWords, "Anna Keller", "Anna Maria Keller"), (.sameWords, "…", "…"), (.sameWords, "Jon", "John"),
        (.sameCompany, "Acme GmbH", "Acme Trading GmbH"), (.sameCompany, "GmbH", "AG"),
        (.sameCompany, "Zoo Berlin", "Berlin"),
        (.sameCompany, "Meier & Co", "Mayer & Co"),
        (.samePhone, "+49 30 1234567", "+43 30 1234567"), (.samePhone, "12345", "12345"),
        (.samePhone, "0000000", "0000000"), (.samePhone, "030 1234567", "040 1234567"), (.samePhone, "none", "none"),
        (.samePhone, "1234567890123456", "1234567890123456"),
        (.sameDomain, "anna@gmail.com", "bob@gmail.com"), (.sameDomain, "shop.acme.com", "acme.com"),
        (.sameDomain, "acme", "acme"), (.sameDomain, "https://www.facebook.com/a", "facebook.com/b"),
        (.sameDomain, "a..com", "a..com"), (.sameDomain, "a@b c", "a@b c"),
        (.similar, "Ann", "Ana"), (.similar, "12 Main Street", "14 Main Street"),
        (.similar, "Smith", "Smythe"), (.similar, "Keller", "Kohler"), (.similar, "", ""),
        (.similarDate, .null, .null), (.similarDate, day("1980-03-14"), day("1981-03-15")),
        (.similarDate, day("1980-03-14"), day("1980-05-12")),
    ]

    private static func day(_ text: String) -> Value { CalendarText.date(text).map(Value.date) ?? .null }

    @Test(arguments: alike.indices)
    func alikeIsAlike(_ index: Int) throws {
        let (comparison, a, b) = Self.alike[index]
        #expect(try areAlike(comparison, a, b), "\(comparison): \(a), \(b)")
    }

    @Test(arguments: different.indices)
    func differentIsDifferent(_ index: Int) throws {
        let (comparison, a, b) = Self.different[index]
        #expect(try !areAlike(comparison, a, b), "\(comparison): \(a), \(b)")
    }

    /// Any attribute of a condition may be like any other.
    @Test func severalAttributes() throws {
        let rule = DuplicateRule("phone", "contact", [[.init("telephone1", "mobilephone", comparison: .samePhone)]])
        var records = DuplicateRecords()
        records.append(["telephone1": "030 1234567", "mobilephone": "0171 7654321"])
        records.append(["telephone1": "0171/7654321"])
        records.append(["mobilephone": "+49 30 1234567"])
        records.append(["mobilephone": "+43 30 1234567"])
        let pairs = try records.answer([rule]).pairSet
        let ids = records.rows.map(\.id)
        #expect(pairs == [RecordPair(ids[0], ids[1]), RecordPair(ids[0], ids[2]), RecordPair(ids[0], ids[3])])
    }

    /// The edit distance within a limit, against the whole table, on short texts of few letters.
    @Test func similarAsTheWholeTable() throws {
        var random = RecurrenceRandom(seed: 7)
        for _ in 0..<3_000 {
            let (a, b) = (word(&random), word(&random))
            let length = max(a.count, b.count)
            let limit = length < 4 ? 0 : length < 8 ? 1 : length < 16 ? 2 : 3
            #expect(
                try areAlike(.similar, .text(a), .text(b)) == (Self.distance(Array(a), Array(b)) <= limit),
                "\(a) \(b)"
            )
        }
    }

    private func word(_ random: inout RecurrenceRandom) -> String {
        let letters = Array("abä")
        let base = Array("abababaabbaabbbabaab")
        var word = Array(base[..<random.within(1...18)])
        for _ in 0..<random.below(4) {
            let place = random.below(word.count)
            switch random.below(4) {
            case 0: word[place] = random.pick(letters)
            case 1: word.insert(random.pick(letters), at: place)
            case 2: if word.count > 1 { word.remove(at: place) }
            default: word.swapAt(place, max(0, place - 1))
            }
        }
        // Accents do not count: the distance is that of the folded text.
        return String(word).replacing("ä", with: "c")
    }

    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
        for i in 0...a.count { table[i][0] = i }
        for i in 1...a.count {
            for j in 1...b.count {
                var cell = min(table[i - 1][j], table[i][j - 1]) + 1
                cell = min(cell, table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    cell = min(cell, table[i - 2][j - 2] + 1)
                }
                table[i][j] = cell
            }
        }
        return table[a.count][b.count]
    }
}
