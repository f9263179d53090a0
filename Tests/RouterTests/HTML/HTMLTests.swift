import Router
import Testing

@Suite struct HTMLSanitiserTests {
    @Test(arguments: [
        ("<p>a &amp; b</p>", "<p>a &amp; b</p>"),
        ("<p onclick=\"x()\" style=\"color:red\" class=c id=i>a</p>", "<p>a</p>"),
        ("<script>alert(1)</script><p>a</p>", "<p>a</p>"),
        ("<style>p{}</style><p>a</p>", "<p>a</p>"),
        ("<p>a<!-- <b>no</b> -->b</p>", "<p>ab</p>"),
        ("<p><font color=red>kept</font> <o:p>too</o:p></p>", "<p>kept too</p>"),
        (
            "<a href=\"https://x.example/?a=1&b='2'\">x</a>",
            "<a href=\"https://x.example/?a=1&amp;b=&#39;2&#39;\" rel=\"noopener noreferrer nofollow\">x</a>"
        ),
        ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<a href=\" java\nscript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<a href=\"&#106;avascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<a href=\"data:text/html,x\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<a href=\"/relative\">x</a>", "<a rel=\"noopener noreferrer nofollow\">x</a>"),
        ("<img src=\"http://t.example/p.gif\" width=1 height=99999>", "<img width=\"1\">"),
        ("<img src=cid:a@b onerror=x>", "<img src=\"cid:a@b\">"),
        ("<svg><script>1</script><p>hidden</p></svg>", ""),
        ("<iframe src=x>no</iframe>yes", "yes"),
        ("<form action=x><input name=y>text<textarea>no</textarea></form>", "text"),
        ("<b>open<i>deep", "<b>open<i>deep</i></b>"),
        ("<td colspan=2 rowspan=5000>x</td>", "<td colspan=\"2\">x</td>"),
        ("<p title='\"><script>'>x</p>", "<p title=\"&quot;&gt;&lt;script&gt;\">x</p>"),
        ("<base href=x><meta http-equiv=refresh content=1><link rel=x>a", "a"),
        ("<p>&lt;script&gt;</p>", "<p>&lt;script&gt;</p>"),
        ("<noscript><p>x</p></noscript>", "<p>x</p>"),
        ("<p>\u{0}a\u{0}</p>", "<p>a</p>"),
        ("", ""),
    ])
    func writesOnlyWhatIsAllowed(_ html: String, _ expected: String) {
        // The parser puts bare text into a paragraph of its own.
        let result = HTMLSanitiser.sanitise(html)
        #expect(result == expected || result == "<p>\(expected)</p>")
    }

    /// What comes out holds only what is allowed, and a second reading takes nothing in it for something else: it says the same.
    @Test func aSecondReadingSaysTheSame() {
        func said(_ html: String) -> String { html.replacing(#/<[^>]*>/#, with: "").filter { !$0.isWhitespace } }
        var random = SeededRandom(5)
        let pieces = [
            "<p>", "</p>", "<b", ">", "<a href='", "javascript:", "http://x'", "\"", "<script>", "</script>", "<!--",
            "-->",
            "&lt;", "&#x3c;", "x", "<td>", "<table>", "</table>", "<style>", "]]>", "<![CDATA[", "<img src=cid:a ",
            "\n", "<br/>",
            "<svg>", "</svg>", "<math>", "<blockquote>", "<li>", "&", "=", "`", "<title>", "<textarea>",
        ]
        for run in 0..<2_000 {
            let html = (0...random.below(20)).map { _ in pieces[random.below(pieces.count)] }.joined()
            let once = HTMLSanitiser.sanitise(html)
            let lower = once.lowercased()
            for bad in ["<script", "<style", "<svg", "<math", "<textarea", "<!--", "href=\"javascript"] {
                #expect(!lower.contains(bad), "run \(run): \(html)")
            }
            #expect(said(HTMLSanitiser.sanitise(once)) == said(once), "run \(run): \(html)")
        }
    }

    @Test func depthIsBounded() {
        let deep = String(repeating: "<div>", count: 20_000) + "x"
        let result = HTMLSanitiser.sanitise(deep)
        #expect(result.contains("x"))
        #expect(result.components(separatedBy: "<div>").count <= 201)
    }
}

@Suite struct HTMLBoundsTests {
    /// What costs libxml2 time that grows with the square.
    @Test(arguments: [
        String(repeating: "<b>", count: 20_000) + String(repeating: "</i>", count: 20_000),
        String(repeating: "<b></i>", count: 20_000),
        String(repeating: "<div>", count: 20_000) + String(repeating: "<b></b>", count: 20_000),
        "<p " + (0..<20_000).map { "a\($0)" }.joined(separator: " ") + ">",
        "<p " + (0..<20_000).map { "a\($0)='>'" }.joined() + ">",
    ])
    func theSquareIsAnAttachment(_ html: String) throws {
        #expect(!HTMLBounds.accepts(Array(html.utf8)))
        let message = try mail("Content-Type: text/html\n\n\(html)")
        #expect(message.html == nil && message.attachments.count == 1)
    }

    /// A large page is none of that, also where it holds what looks like tags.
    @Test func largePagesAreRead() {
        let row = "<tr><td class='a b' style=\"color: red\">x<br></td><!-- <b \" --><td>y</td></tr>"
        let script = "<script>if (a<b) '<b>'; \"</script><style>p > b {}</style>"
        let page = "<table>\(script)" + String(repeating: row, count: 10_000) + "</table>"
        #expect(HTMLBounds.accepts(Array(page.utf8)))
        #expect(HTMLBounds.accepts([]) && HTMLBounds.accepts(Array("<".utf8)) && HTMLBounds.accepts(Array("a<b".utf8)))
        #expect(HTMLBounds.accepts(Array("<p a=\"".utf8)) && HTMLBounds.accepts(Array("</".utf8)))
    }
}

@Suite struct HTMLTextTests {
    @Test(arguments: [
        ("<p>a</p><p>b</p>", "a\n\nb"), ("a<br>b<br><br>c", "a\nb\n\nc"), ("<div>a</div><div>b</div>", "a\nb"),
        ("<p>a  \n b</p>", "a b"), ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p>a</p><blockquote><p>b</p><p>c</p></blockquote><p>d</p>", "a\n\n> b\n>\n> c\n\nd"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<head><title>no</title></head><body>yes<script>no()</script></body>", "yes"),
        ("<b>a</b><i>b</i>", "ab"), ("<p>&euro;&nbsp;5</p>", "€ 5"), ("<img alt='logo'>", "logo"), ("", ""),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
    ])
    func says(_ html: String, _ expected: String) {
        #expect(HTMLText.text(html) == expected)
    }
}
