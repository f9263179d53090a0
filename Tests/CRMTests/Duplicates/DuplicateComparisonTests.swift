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
        // Codes of 70 characters.
        (.lastCharacters(8), .text(String(repeating: "x", count: 62) + "12345678"), "yyyy12345678"),
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
        (.samePhone, "13812345678", "+86 138 1234 5678"), (.samePhone, "15112345678", "0151 12345678"),
        (.samePhone, "15112345678", "+49 151 12345678"), (.samePhone, "1 312 555 0199", "1 (312) 555-0199"),
        (.samePhone, "+41 44 668 18 00", "044 668 18 00"), (.samePhone, "+39 06 69812345", "06 69812345"),
        (.sameDomain, "anna@acme.com", "https://www.acme.com/about?x=1"), (.sameDomain, "acme.com:8080", "Acme.COM."),
        (.sameDomain, "360.cn", "www.360.cn"), (.sameDomain, "acme.wordpress.com", "https://acme.wordpress.com/about"),
        (.sameDomain, "пример.рф", "https://ПРИМЕР.РФ/"), (.sameDomain, "netflix.com", "anna@netflix.com"),
        (.sameDomain, "Anna Keller <anna@acme.co.uk>", "mailto:bob@ACME.co.uk"),
        (.similar, "Catherine", "Katherine"), (.similar, "Smith", "Smiht"),
        (.similar, "12 Main Street", "12 Main Sreet"),
        (.similar, "Müller", "Mueller"), (.similar, "Anna", "Hanna"),
        (.similar, "12 long commemoration avenue", "12 lnog comemoration avenu"),
        (.similar, "Жуков", "Жухов"), (.similar, "abcdefgh", "abcdefxy"),
        (.similar, "abcdefghijklmnop", "abcdefghijklmxyz"),
        (.similar, "東京都千代田区丸の内一丁目九番地株式会社丸の内商事", "東京都千代田区丸の内一丁目九番地株式会社丸の内商会"),
        (.similarDate, .date(0), .date(0)), (.similarDate, day("1980-03-04"), day("1980-04-03")),
        (.similarDate, day("1980-03-14"), day("1980-03-15")), (.similarDate, day("1980-12-25"), day("1908-12-25")),
        (.similarDate, day("1980-03-14"), day("1990-03-14")),
        (.similarDate, .instant(CalendarText.instant("1960-03-14T23:59:59Z")!), day("1960-03-14")),
    ]

    static let different: [(DuplicateComparison, Value, Value)] = [
        (.same, "Acme", "Acme AG"), (.same, 7, 8), (.same, .null, .null), (.same, "", ""), (.same, " ", " "),
        (.firstCharacters(4), "ann", "anna"), (.firstCharacters(3), "Mayer", "Meyer"),
        (.lastCharacters(3), "abc", "abd"),
        (.sameWords, "東京都千代田区丸の内一丁目九番地株式会社丸の内商事", "東京都千代田区丸の内一丁目九番地株式会社丸の内商会"),
        (.sameCompany, "東京都千代田区丸の内一丁目九番地株式会社丸の内商事", "東京都千代田区丸の内一丁目九番地株式会社丸の内商会"),
        (.sameWords, "Anna Keller", "Anna Maria Keller"), (.sameWords, "…", "…"), (.sameWords, "Jon", "John"),
        (.sameCompany, "Acme GmbH", "Acme Trading GmbH"), (.sameCompany, "GmbH", "AG"),
        (.sameCompany, "Zoo Berlin", "Berlin"),
        (.sameCompany, "Meier & Co", "Mayer & Co"),
        (.samePhone, "+49 30 1234567", "+43 30 1234567"), (.samePhone, "12345", "12345"),
        (.samePhone, "0000000", "0000000"), (.samePhone, "030 1234567", "040 1234567"), (.samePhone, "none", "none"),
        (.samePhone, "+86 138 1234 5678", "+1 381 234 5678"), (.samePhone, "+86 138 1234 5678", "381 234 5678"),
        (.samePhone, "1 381 234 5678", "+86 381 234 5678"), (.samePhone, "1-222-222-2222", "222 222 2222"),
        (.samePhone, "+44 312 555 0199", "1-312-555-0199"),
        (.samePhone, "1234567890123456", "1234567890123456"),
        (.sameDomain, "anna@gmail.com", "bob@gmail.com"), (.sameDomain, "shop.acme.com", "acme.com"),
        (.sameDomain, "acme", "acme"), (.sameDomain, "https://www.facebook.com/a", "facebook.com/b"),
        (.sameDomain, "n.a.", "N.A."), (.sameDomain, "k.A.", "k.A."), (.sameDomain, "n.a", "n.a"),
        (.sameDomain, "192.168.0.1", "192.168.0.1"), (.sameDomain, "12.50", "12.50"),
        (.sameDomain, "https://de.linkedin.com/in/a", "https://de.linkedin.com/in/b"),
        (.sameDomain, "m.facebook.com/a", "m.facebook.com/b"), (.sameDomain, "wordpress.com", "wordpress.com"),
        (.sameDomain, "a.wordpress.com", "b.wordpress.com"),
        (.sameDomain, "a..com", "a..com"), (.sameDomain, "a@b c", "a@b c"),
        (.similar, "Ann", "Ana"), (.similar, "12 Main Street", "14 Main Street"),
        (.similar, "abcdefg", "abcdexy"), (.similar, "abcdefgh", "abcdexyz"),
        (.similar, "abcdefghijklmno", "abcdefghijklxyz"), (.similar, "abcdefghijklmnop", "abcdefghijklwxyz"),
        // Of 25 characters without a blank the last four.
        (.similar, "東京都千代田区丸の内一丁目九番地株式会社丸の内商事", "東京都千代田区丸の内一丁目九番地株式会社丸大手銀行"),
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
}
