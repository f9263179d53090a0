import Import
import Testing

private func date(_ text: String, _ pattern: String) throws -> ParsedDate? {
    try DateFormat(pattern).parse(Array(text.utf8).span)
}

@Suite struct NumberFormatTests {
    private let european = NumberFormat(decimalSeparator: UInt8(ascii: ","), groupSeparator: UInt8(ascii: "."))
    private let american = NumberFormat(groupSeparator: UInt8(ascii: ","))
    private let spaced = NumberFormat(decimalSeparator: UInt8(ascii: ","), groupSeparator: UInt8(ascii: " "))

    @Test(arguments: [
        ("0", "0"), ("1100.04", "11000400"), ("-3", "-30000"), ("+3", "30000"), ("3-", "-30000"), ("(3.5)", "-35000"),
        ("$5", "50000"), ("-$5", "-50000"), ("$-5", "-50000"), ("5 €", "50000"), ("EUR 5", "50000"), ("5USD", "50000"),
        ("£ 1.10", "11000"), ("₹7", "70000"), ("\u{2212}4", "-40000"), (".5", "5000"), ("5.", "50000"),
        ("1.00000000000000000000000000", "10000"), ("922337203685477.5807", "9223372036854775807"),
    ])
    func plain(text: String, units: String) { #expect(number(text) == units) }

    @Test func separators() {
        #expect(number("1.234.567,89", european) == "12345678900")
        #expect(number("1,234.5", american) == "12345000")
        #expect(number("12,34,567", american) == "12345670000")
        #expect(number("1 234,5", spaced) == "12345000")
        #expect(number("1\u{A0}234,5", spaced) == "12345000")
        #expect(number("1\u{202F}234", spaced) == "12340000")
        #expect(number("1234,5 kr", european).contains("is not a number"))
    }

    @Test(arguments: [
        "", "abc", "-", "$", "1.2.3", "1e5", "--1", "(1", "0x10", "1 2", "٣", "5%", "1_000", "NaN", "$$5", "(-1)",
    ])
    func refused(text: String) { #expect(Int64(number(text)) == nil, "\(text)") }

    @Test func reasonsSayWhatToDo() {
        #expect(number("1,234") == "'1,234' is not a number; does the mapping need 'decimal' or 'thousands'?")
        #expect(number("1.00001") == "'1.00001' has more than 4 digits behind the point; say 'round: yes' to round")
        #expect(number("1,23", american) == "'1,23' has misplaced group separators")
        #expect(number("1234,567", american) == "'1234,567' has misplaced group separators")
        #expect(number("1,2345.0", american) == "'1,2345.0' has misplaced group separators")
        #expect(number("922337203685477.5808") == "'922337203685477.5808' is too large")
        #expect(number("99999999999999999999") == "'99999999999999999999' is too large")
        #expect(number("12.5%").contains("percent: fraction"))
    }

    @Test func roundingAndPercent() {
        let rounding = NumberFormat(rounds: true)
        #expect(number("1.00005", rounding) == "10001")
        #expect(number("1.00004999999999999999999", rounding) == "10000")
        #expect(number("-1.5", scale: 0, rounding) == "-2")
        #expect(number("12.5%", NumberFormat(percent: .number)) == "125000")
        #expect(number("12.5%", NumberFormat(percent: .fraction)) == "1250")
        #expect(number("12.5", NumberFormat(percent: .fraction)) == "125000")
    }

    @Test func integers() throws {
        #expect(try NumberFormat().integer(Array("42".utf8).span) == 42)
        #expect(try NumberFormat().integer(Array("42.00".utf8).span) == 42)
        #expect(throws: CellFault.self) { try NumberFormat().integer(Array("42.5".utf8).span) }
    }

    private func number(_ text: String, _ format: NumberFormat) -> String { number(text, scale: 4, format) }
    private func number(_ text: String, scale: UInt8 = 4, _ format: NumberFormat = NumberFormat()) -> String {
        do throws(CellFault) {
            return String(try format.decimal(Array(text.utf8).span, scale: scale))
        } catch {
            return error.description
        }
    }
}

@Suite struct DateFormatTests {
    @Test(arguments: [
        ("2017-03-01", "yyyy-MM-dd", 17226), ("1/3/17", "d/M/yy", 17226), ("03/01/2017", "MM/dd/yyyy", 17226),
        ("1 March 2017", "d MMMM yyyy", 17226), ("Wed, 01-MAR-2017", "EEE, dd-MMM-yyyy", 17226),
        ("20170301", "yyyyMMdd", 17226), ("31.12.69", "dd.MM.yy", -1), ("1.1.68", "d.M.yy", 35794),
        ("2000-02-29", "iso", 11016), ("1970-01-01", "iso", 0), ("0001-01-01", "iso", -719162),
        ("9999-12-31", "iso", 2_932_896), ("Q 2017-03-01", "'Q' yyyy-MM-dd", 17226),
    ])
    func days(text: String, pattern: String, days: Int32) throws {
        #expect(try date(text, pattern) == ParsedDate(days: days, timeMicroseconds: nil, offsetMinutes: nil))
    }

    @Test(arguments: [
        ("2017-02-29", "iso"), ("1900-02-29", "iso"), ("2017-13-01", "iso"), ("2017-00-10", "iso"),
        ("0000-01-01", "iso"),
        ("2017-3-1", "iso"), ("2017-03-01x", "iso"), ("2017-03-01T", "iso"), ("2017-03-01T25:00", "iso"), ("", "iso"),
        ("1/3/2017", "d/M/yy"), ("1 Mars 2017", "d MMMM yyyy"), ("2017-03-01 13:00 PM", "yyyy-MM-dd hh:mm a"),
        ("2017-03-01T10:00:00.", "iso"), ("2017-03-01T10:00+99:00", "iso"), ("2017-03-01T10:00 ", "iso"),
    ])
    func refused(text: String, pattern: String) throws { #expect(try date(text, pattern) == nil) }

    @Test(arguments: [
        ("2017-03-01T00:00:00Z", "iso", 1_488_326_400_000_000),
        ("2017-03-01T02:00:00+02:00", "iso", 1_488_326_400_000_000),
        ("2017-02-28 19:00:00.000-0500", "iso", 1_488_326_400_000_000), ("2017-03-01", "iso", 1_488_326_400_000_000),
        ("2017-03-01T00:00:00.1234567", "iso", 1_488_326_400_123_456),
        ("3/1/2017 12:05 AM", "M/d/yyyy h:mm a", 1_488_326_700_000_000),
        ("3/1/2017 12:05 p.m.", "M/d/yyyy h:mm a", 1_488_369_900_000_000),
        ("1948-12-08 00:00:00.000", "yyyy-MM-dd HH:mm:ss.SSS", -664_761_600_000_000),
    ])
    func instants(text: String, pattern: String, microseconds: Int64) throws {
        #expect(try date(text, pattern)?.instant(defaultOffsetMinutes: 0) == microseconds)
    }

    @Test func anInstantWithoutOffsetTakesTheMappings() throws {
        #expect(try date("2017-03-01T01:00", "iso")?.instant(defaultOffsetMinutes: 60) == 1_488_326_400_000_000)
        #expect(try date("2017-03-01T01:00Z", "iso")?.instant(defaultOffsetMinutes: 60) == 1_488_330_000_000_000)
    }

    @Test(arguments: ["", "yyyy", "yyyy-MM", "yyyy-MM-dd b", "DD/MM/YYYY", "yyyy-MM-dd 'T", "yyy-MM-dd"])
    func badPatterns(pattern: String) { #expect(throws: CellFault.self) { try DateFormat(pattern) } }

    /// Every day of 800 years against a calendar that counts one day at a time.
    @Test func theCalendarCountsEveryDay() {
        var expected = CivilDate.days(year: 1600, month: 1, day: 1) ?? 0
        #expect(expected == -135_140)
        var wrong = 0
        for year in 1600..<2400 {
            for month in 1...12 {
                for day in 1...CivilDate.length(ofMonth: month, year: year) {
                    if CivilDate.days(year: year, month: month, day: day) != expected { wrong += 1 }
                    expected += 1
                }
            }
        }
        #expect(wrong == 0)
        #expect(expected == CivilDate.days(year: 2400, month: 1, day: 1))
    }
}
