import Router
import Testing

/// Which domains say something about an organisation.
@Suite struct MailDomainsTests {
    @Test(arguments: [
        ("acme.example", ["acme.example"]), ("Mail.Acme.example", ["mail.acme.example", "acme.example"]),
        ("a.b.co.uk", ["a.b.co.uk", "b.co.uk"]), ("b.co.uk", ["b.co.uk"]), ("co.uk", []), ("com.au", []), ("uk", []),
        ("gmail.com", []), ("sub.gmail.com", []), ("yahoo.fr", []), ("yahoo.co.uk", []),
        ("yahoo.acme.example", ["yahoo.acme.example", "acme.example"]),
        ("outlook.com.br", []), ("live.example", []), ("t-online.de", []), ("[192.0.2.1]", []), ("", []), (".", []),
        ("a..example", []), ("com.acme.example", ["com.acme.example", "acme.example"]), ("own.example", []),
    ])
    func domains(_ domain: String, _ expected: [String]) {
        #expect(MailDomains(freeMail: ["Own.example"]).organisationDomains(of: domain) == expected)
    }
}
