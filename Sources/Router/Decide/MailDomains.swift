// Whose domain an address belongs to: an organisation's, a provider's where anybody gets an address, or a registry's.
//
// Guarantees: an address at a free-mail provider, at a public suffix, or at a host by its number says nothing about an organisation. Of
// any other, the domains that may be the organisation's are those from the address's own up to the one that was registered.
//
// The labels of registries are those under which three or more countries register domains, as the public suffix list
// (publicsuffix.org, version 2026-10-22) has them: 79 of its 1,600 labels, which cover 1,316 of 3,384 rules of two labels under a
// country's. The rest are mostly names of towns and provinces (`chiyoda.tokyo.jp`). A rule that is missing does harm only where an
// account's own address is at that suffix itself. The families of providers are what their owners run under many countries'
// domains; the single ones are known from use, not from a list. Whoever misses one adds it.

/// What domains of addresses mean.
public struct MailDomains: Sendable {
    private var freeMail: Set<String>

    /// Knows these free-mail domains beside its own.
    public init(freeMail: Set<String> = []) {
        self.freeMail = Set(freeMail.map { $0.lowercased() }).union(MailDomains.providers)
    }

    /// The domains that may be those of the organisation that an address belongs to, its own first; none where it says nothing.
    public func organisationDomains(of domain: String) -> [String] {
        let labels = domain.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, !labels.contains(""), domain.first != "[" else { return [] }
        var domains: [String] = []
        for start in 0..<(labels.count - 1) {
            let rest = labels[start...]
            if isPublicSuffix(rest) { break }
            if isFreeMail(rest) { return [] }
            domains.append(rest.joined(separator: "."))
        }
        return domains
    }

    private func isPublicSuffix(_ labels: ArraySlice<Substring>) -> Bool {
        guard labels.count == 2, let first = labels.first, let last = labels.last else { return labels.count < 2 }
        return last.utf8.count == 2 && MailDomains.registryLabels.contains(String(first))
    }

    private func isFreeMail(_ labels: ArraySlice<Substring>) -> Bool {
        if freeMail.contains(labels.joined(separator: ".")) { return true }
        // `yahoo.fr`, `yahoo.co.uk`: the provider's name in front of a suffix.
        guard let first = labels.first, MailDomains.families.contains(String(first)) else { return false }
        return labels.count == 2 || (labels.count == 3 && isPublicSuffix(labels.dropFirst()))
    }

    private static let registryLabels: Set<String> = [
        "ac", "agro", "ai", "al", "art", "arts", "asso", "b", "biz", "ca", "cn", "co", "com", "coop", "ed", "edu",
        "eng",
        "fin", "firm", "fm", "gen", "go", "gob", "gouv", "gov", "gv", "hotel", "i", "ia", "id", "in", "ind", "inf",
        "info",
        "int", "io", "it", "k12", "ltd", "me", "med", "mi", "mil", "mo", "mobi", "ms", "museum", "name", "ne", "net",
        "ngo",
        "nic", "nom", "nt", "or", "org", "pe", "per", "plc", "pol", "pr", "prd", "press", "priv", "pro", "re", "rec",
        "sa",
        "sc", "sch", "school", "shop", "store", "tm", "tourism", "tur", "tv", "va", "web",
    ]

    private static let families: Set<String> = [
        "aol", "fastmail", "gmx", "hotmail", "icloud", "laposte", "live", "mailbox", "msn", "outlook", "protonmail",
        "rediffmail",
        "tutanota", "yahoo", "yandex", "ymail", "zohomail",
    ]

    private static let providers: Set<String> = [
        "126.com", "139.com", "163.com", "abv.bg", "alice.it", "arcor.de", "att.net", "bellsouth.net", "bigpond.com",
        "blueyonder.co.uk", "bluewin.ch", "bol.com.br", "btinternet.com", "centrum.cz", "charter.net", "comcast.net",
        "cox.net",
        "daum.net", "earthlink.net", "email.cz", "email.de", "freemail.hu", "freenet.de", "free.fr", "gmail.com",
        "googlemail.com", "hanmail.net", "hey.com", "hushmail.com", "i.ua", "ig.com.br", "inbox.lv", "inbox.ru",
        "interia.pl",
        "juno.com", "libero.it", "list.ru", "mac.com", "mail.bg", "mail.com", "mail.de", "mail.ru", "me.com",
        "naver.com",
        "neuf.fr", "ntlworld.com", "o2.pl", "online.de", "online.no", "onet.pl", "op.pl", "optonline.net",
        "optusnet.com.au",
        "orange.fr", "pm.me", "posteo.de", "proton.me", "qq.com", "rambler.ru", "rocketmail.com", "sapo.pt",
        "sbcglobal.net",
        "seznam.cz", "sfr.fr", "shaw.ca", "sina.com", "skynet.be", "sohu.com", "sympatico.ca", "t-online.de",
        "talktalk.net",
        "telenet.be", "terra.com.br", "tin.it", "tiscali.it", "tuta.com", "ukr.net", "uol.com.br", "verizon.net",
        "virgilio.it",
        "vodafone.it", "wanadoo.fr", "web.de", "wp.pl", "xtra.co.nz", "yeah.net", "ziggo.nl", "zoho.com",
    ]
}
