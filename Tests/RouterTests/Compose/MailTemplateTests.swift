import Router
import Testing

/// Templates: what comes out, and what is none.
@Suite struct MailTemplateTests {
    private static let values = TemplateValue.record([
        "title": .text("Bike <42> & \"more\""), "ticketnumber": .text("CAS-1"), "empty": .text(""), "yes": .flag(true),
        "no": .flag(false),
        "contact": .record(["firstname": .text("Ann"), "company": .record(["name": .text("A")]), "title": .text("Dr.")]
        ),
        "cases": .list([.record(["title": .text("one")]), .record(["title": .text("two")])]),
        "words": .list([.text("a"), .text("b")]), "none": .list([]),
        "grid": .list([.list([.text("1"), .text("2")]), .list([.text("3")])]),
    ])

    @Test(
        arguments: [
            ("plain", "plain"), ("", ""), ("Dear {{contact.firstname}},", "Dear Ann,"),
            ("{{ contact . firstname }}", nil),
            ("{{ ticketnumber }}|{{\nticketnumber\n}}", "CAS-1|CAS-1"),
            ("[{{nobody}}{{contact.nobody}}{{contact.firstname.x}}]", "[]"),
            ("{{title}}", "Bike &lt;42&gt; &amp; &quot;more&quot;"),
            ("{{{title}}}{{&title}}", "Bike <42> & \"more\"Bike <42> & \"more\""),
            ("{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{^yes}}c{{/yes}}{{^no}}d{{/no}}", "ad"),
            (
                "{{#empty}}a{{/empty}}{{^empty}}b{{/empty}}{{#none}}c{{/none}}{{^none}}d{{/none}}{{#nobody}}e{{/nobody}}{{^nobody}}f{{/nobody}}",
                "bdf"
            ),
            ("{{#cases}}<{{title}} {{ticketnumber}}>{{/cases}}", "<one CAS-1><two CAS-1>"),
            ("{{#words}}{{.}},{{/words}}", "a,b,"),
            ("{{#grid}}{{#.}}{{.}}{{/.}};{{/grid}}", "12;3;"),
            ("{{#contact}}{{title}} {{firstname}} of {{company.name}}{{/contact}}", "Dr. Ann of A"),
            ("{{#contact.company}}{{name}}{{title}}{{/contact.company}}", "ABike &lt;42&gt; &amp; &quot;more&quot;"),
            ("a{{! nothing {{ here }}b", "ab"), ("{{yes}}{{cases}}{{contact}}", "true"), ("}} { {x} }", "}} { {x} }"),
            ("{{{ticketnumber}}}}", "CAS-1}"),
            // Lines of their own.
            ("a\n{{#cases}}\n- {{title}}\n{{/cases}}\nb", "a\n- one\n- two\nb"),
            ("a\r\n  {{#yes}}  \r\nb\r\n{{/yes}}\r\nc", "a\r\nb\r\nc"),
            ("a\n{{! note }}\nb", "a\nb"), ("a {{! note }}\nb", "a \nb"), ("{{#yes}}\n", nil),
            ("  {{#yes}}\na\n  {{/yes}}", "a\n"),
            ("{{#yes}}{{#yes}}\na{{/yes}}{{/yes}}", "\na"), ("a\n  {{ticketnumber}}  \nb", "a\n  CAS-1  \nb"),
            ("{{#yes}} {{/yes}}\n", " \n"),
        ] as [(String, String?)]
    )
    func whatComesOut(_ text: String, _ expected: String?) throws {
        let result = try? MailTemplate(text).render(MailTemplateTests.values, as: .html)
        #expect(result == expected)
    }

    @Test func textIsNotEscaped() throws {
        let template = try MailTemplate("{{title}} {{{title}}}")
        #expect(try template.render(MailTemplateTests.values, as: .text) == "Bike <42> & \"more\" Bike <42> & \"more\"")
    }

    /// Mustache's own specification, of what is taken over.
    @Test func whatAValueHoldsIsNeverATag() throws {
        let values = TemplateValue.record(["a": .text("{{b}}{{#b}}"), "b": .text("x")])
        #expect(try MailTemplate("{{a}}|{{{a}}}").render(values, as: .html) == "{{b}}{{#b}}|{{b}}{{#b}}")
    }

    @Test func namesAreKnownBeforehand() throws {
        let template = try MailTemplate("{{a}}{{#b.c}}{{.}}{{a}}{{/b.c}}{{^d}}{{{e}}}{{/d}}{{!f}}")
        #expect(template.names == ["a", "b.c", "d", "e"])
    }

    @Test(arguments: [
        ("a\nb {{x", TemplateError.Reason.unclosedTag, 2, 3), ("{{{x}}", .unclosedTag, 1, 1),
        ("{{}}", .invalidName, 1, 1),
        ("üü {{a b}}", .invalidName, 1, 4), ("{{a..b}}", .invalidName, 1, 1), ("{{.a}}", .invalidName, 1, 1),
        ("{{a-b}}", .invalidName, 1, 1),
        ("\r\n\r\n{{ü}}", .invalidName, 3, 1), ("{{>p}}", .unknownTag(">"), 1, 1),
        ("x{{=<% %>=}}", .unknownTag("="), 1, 2),
        ("{{%CONTENT_TYPE:TEXT}}", .unknownTag("%"), 1, 1), ("{{$a}}", .unknownTag("$"), 1, 1),
        ("{{<a}}", .unknownTag("<"), 1, 1),
        ("a\n {{#x}}\n", .unclosedSection("x"), 2, 2), ("{{/x}}", .nothingToClose("x"), 1, 1),
        ("{{#x}}{{#y}}{{/x}}", .closesAnother("x", open: "y"), 1, 13),
        (String(repeating: "{{#a}}", count: 21), .tooDeep, 1, 121),
        (String(repeating: "{{a}}", count: 10_001), .tooManyTags, 1, 50_001),
        (String(repeating: "x", count: (256 << 10) + 1), .templateTooLong(byteCount: (256 << 10) + 1), 1, 1),
        ("{{\(String(repeating: "a", count: 201))}}", .invalidName, 1, 1),
    ])
    func whatIsNone(_ text: String, _ reason: TemplateError.Reason, _ line: Int, _ column: Int) {
        #expect(throws: TemplateError(reason: reason, line: line, column: column)) { try MailTemplate(text) }
    }

    @Test func fillingInIsBounded() throws {
        let long = TemplateValue.record(["a": .list(Array(repeating: .text("x"), count: 1_000))])
        let nested = try MailTemplate("{{#a}}{{#a}}{{#a}}{{b}}{{/a}}{{/a}}{{/a}}")
        #expect(throws: TemplateError(reason: .tooMuchWork, line: 1, column: 42)) { try nested.render(long, as: .text) }
        var limits = TemplateLimits()
        limits.outputBytesMax = 10
        let template = try MailTemplate("{{#a}}\n{{.}}\n{{/a}}", limits: limits)
        #expect(throws: TemplateError(reason: .outputTooLong, line: 3, column: 7)) {
            try template.render(long, as: .text)
        }
    }

    /// Any text is a template or an error, and neither takes long.
    @Test func randomTexts() {
        let pieces = [
            "{{", "}}", "{", "}", "#", "^", "/", "a", "b", ".", " ", "\n", "\r\n", "!", "&", "{{#a}}", "{{/a}}", "{{{",
            "}}}", "ü", "{{.}}", ">",
        ]
        var random = SplitMix(state: 3)
        let values = TemplateValue.record(["a": .list([.text("1"), .record(["b": .text("2")])]), "b": .flag(true)])
        var count = 0
        for _ in 0..<20_000 {
            let text = (0..<random.next() % 12).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            guard let template = try? MailTemplate(text) else { continue }
            count += 1
            #expect((try? template.render(values, as: .html)) != nil)
        }
        #expect(count > 2_000)
    }
}
