// The host in an e-mail or web address, where it says something about who has the address.
//
// Guarantees
// - `anna@acme.com`, `https://www.acme.com/about` and `acme.com` have the same host. Other names in front of it count: `shop.acme.com` is another one,
//   since which part of a name belongs to whom is not told by its dots.
// - Hosts at which everybody can have an address or a page have no form: two customers of gmail.com have nothing in common. Those of networks
//   have none under any name in front (`de.linkedin.com`), but `acme.wordpress.com` is Acme's.
// - An abbreviation that stands for nothing, as `n.a.`, is no host: a top-level domain has two characters and begins with a letter.

enum HostName {
    /// Bytes of a host name, by RFC 1035.
    private static let lengthMax = 253

    /// Appends the host; false, with nothing appended, where there is none that says something.
    static func form(_ folded: ArraySlice<UInt8>, into bytes: inout [UInt8]) -> Bool {
        var host = folded.drop { $0 == UInt8(ascii: " ") }
        // A name may stand in front of an address: `Anna <anna@acme.com>`.
        if let bracket = host.lastIndex(of: UInt8(ascii: "<")) { host = host[(bracket + 1)...] }
        for scheme in ["mailto:", "http://", "https://"] where host.starts(with: scheme.utf8) {
            host.removeFirst(scheme.utf8.count)
        }
        if let end = host.firstIndex(where: { Self.ends.contains($0) }) { host = host[..<end] }
        if let at = host.lastIndex(of: UInt8(ascii: "@")) { host = host[(at + 1)...] }
        while host.last == UInt8(ascii: ".") { host.removeLast() }
        if host.starts(with: "www.".utf8) { host.removeFirst(4) }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, host.count <= lengthMax, labels.allSatisfy({ !$0.isEmpty }),
            host.allSatisfy(isPart), let last = labels.last, isTopLevel(last), !isShared(host, labels)
        else { return false }
        bytes += host
        return true
    }

    private static let ends = Set("/?#:>,; ".utf8)

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), 0x80...: true
        default: false
        }
    }

    /// RFC 3696: never digits alone; all that there are begin with a letter, or are in letters beyond ASCII.
    private static func isTopLevel(_ label: ArraySlice<UInt8>) -> Bool {
        guard label.count >= 2, let first = label.first else { return false }
        return first &- 0x61 < 26 || first >= 0x80
    }

    private static func isShared(_ host: ArraySlice<UInt8>, _ labels: [ArraySlice<UInt8>]) -> Bool {
        shared.contains(String(decoding: host, as: UTF8.self))
            || networks.contains(labels.suffix(2).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "."))
    }

    /// Hosts with a page for everybody, whatever stands in front of them: a language, `m`, `mobile`.
    private static let networks: Set<String> = [
        "facebook.com", "linkedin.com", "xing.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "goo.gl",
        "github.com",
    ]

    /// Hosts that many share: the free mail services, access providers and places for pages with the most users.
    private static let shared: Set<String> = [
        // Mail for everybody.
        "gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it",
        "hotmail.es", "outlook.com", "outlook.de", "outlook.fr", "outlook.es", "live.com", "live.co.uk", "live.de",
        "live.fr", "live.nl", "live.se", "msn.com", "passport.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.in",
        "yahoo.co.jp", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it", "yahoo.ca", "yahoo.com.au", "yahoo.com.br",
        "yahoo.com.mx", "yahoo.com.ar", "ymail.com", "rocketmail.com", "aol.com", "aol.de", "aim.com", "icloud.com",
        "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de", "email.de", "freenet.de",
        "mail.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru",
        "ukr.net", "protonmail.com", "protonmail.ch", "proton.me", "pm.me", "tutanota.com", "tutanota.de", "tuta.io",
        "zoho.com", "fastmail.com", "fastmail.fm", "hushmail.com", "inbox.com", "inbox.lv", "lycos.com", "excite.com",
        "qq.com", "163.com", "126.com", "sina.com", "sohu.com", "naver.com", "daum.net", "hanmail.net",
        "rediffmail.com",
        "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "centrum.cz", "freemail.hu", "citromail.hu", "abv.bg",
        "libero.it", "virgilio.it", "tiscali.it", "alice.it", "laposte.net", "caramail.com", "terra.com.br",
        "uol.com.br",
        "bol.com.br", "ig.com.br", "walla.co.il", "mailinator.com",
        // Mail with a connection.
        "t-online.de", "arcor.de", "online.de", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "bluewin.ch",
        "hispeed.ch", "chello.at", "aon.at", "btinternet.com", "sky.com", "virginmedia.com", "ntlworld.com",
        "talktalk.net", "blueyonder.co.uk", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net",
        "cox.net", "charter.net", "earthlink.net", "juno.com", "shaw.ca", "rogers.com", "sympatico.ca", "telus.net",
        "bigpond.com", "bigpond.net.au", "optusnet.com.au", "xtra.co.nz", "telenet.be", "skynet.be", "planet.nl",
        "home.nl", "ziggo.nl", "kpnmail.nl", "hetnet.nl", "telia.com", "online.no", "telefonica.net",
        // Pages for everybody; a name in front is somebody's.
        "sites.google.com", "bit.ly", "wordpress.com", "blogspot.com",
        // By RFC 2606 nobody's.
        "example.com", "example.org", "example.net",
    ]
}
