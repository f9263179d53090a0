// The names of a spool's files: see MailSpool.swift. Names of other forms are nobody's, and left alone.

import Snapshot

enum SpoolName {
    enum Kind {
        case temporary, waiting, quarantined
    }

    static func temporary(_ number: UInt64) -> String { "t-\(hexadecimal(number, digits: 16))" }
    static func waiting(_ number: UInt64, attempts: Int) -> String {
        "m-\(hexadecimal(number, digits: 16))-\(attempts)"
    }
    static func quarantined(_ number: UInt64) -> String { "q-\(hexadecimal(number, digits: 16))" }

    /// What a name says; nil for names of other forms, and for the notes beside what was quarantined.
    static func parse(_ name: String) -> (kind: Kind, number: UInt64, attempts: Int)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 2, let number = parseHexadecimal(parts[1], digits: 16) else { return nil }
        switch (parts[0], parts.count) {
        case ("t", 2): return (.temporary, number, 0)
        case ("q", 2): return (.quarantined, number, 0)
        case ("m", 3):
            guard let attempts = Int(parts[2]), 0...9 ~= attempts else { return nil }
            return (.waiting, number, attempts)
        default: return nil
        }
    }
}
