import Foundation
import Router
import Testing

/// What the router reads out of real mail is what Python's `email` package reads: fields, decoded subject, senders, parts and text.
/// Each difference belongs to a class that says who is right, or why nobody is; a message that no class explains disagrees.
@Suite struct MailReferenceTests {
    private struct Reference: Decodable {
        struct Leaf: Decodable {
            var type: String
            var text: String?
        }
        var error: String?
        var headers: [[String]]?
        var subject: String?
        var from: [String]?
        var leaves: [Leaf]?
    }

    /// Why two readers may differ.
    private enum Explanation: String, CaseIterable {
        case referenceFails = "Python raises, or answers with U+FFFD where the router reads letters"
        case carriageReturns = "lines end with a carriage return alone; Python sees one line"
        case strayLine = "a line in a head is no field: Python ends the head, the router goes on if fields follow"
        case blanks = "blanks, tabs and control characters in a decoded field"
        case noBoundary = "a multipart without parts: Python calls its text multipart, the router text/plain"
        case addressFlaw = "a sender field that is no list of addresses"
        case typeFlaw = "a Content-Type that is not type/subtype, or several of them"
        case encodedMessage = "a message inside that is encoded, or a text that only its type calls a message"
        case brokenEncoding = "base64 or quoted-printable with wrong digits or a wrong length"
        case partWithoutHead = "a part whose head no empty line ends: GMime reads its text as a head"
        case boundaryFlaw = "a boundary within a part of the same boundary, or missing at its end"
    }

    private static func references(_ files: [URL]) throws -> [Reference] {
        try PythonReader.answers("mail_reference.py", files.map { $0.path(percentEncoded: false) }).map {
            try JSONDecoder().decode(Reference.self, from: Data($0.utf8))
        }
    }

    @Test(.enabled(if: MailCorpus.isPresent && PythonReader.isThere, "no real mail or no python3"))
    func readsWhatPythonReads() throws {
        let files = try ["mail-mime", "mail-bulk", "mail-helpdesk", "mail-threads", "mail-bounces"]
            .flatMap(MailCorpus.files).filter { try !MailCorpus.bytes($0).isEmpty }
        let references = try MailReferenceTests.references(files)
        try #require(references.count == files.count)
        var equalCount = 0
        var explained: [Explanation: Int] = [:]
        var unexplained: [String] = []
        for (file, reference) in zip(files, references) {
            let bytes = try MailCorpus.bytes(file)
            let message = try MailParser().parse(bytes)
            let differences = MailReferenceTests.differences(message, bytes, reference)
            if differences.isEmpty { equalCount += 1 }
            for explanation in Set(differences.compactMap(\.why)) { explained[explanation, default: 0] += 1 }
            let name = file.path(percentEncoded: false).replacing(MailCorpus.root.path(percentEncoded: false), with: "")
            if let first = differences.first(where: { $0.why == nil }) { unexplained.append("\(name): \(first.what)") }
        }
        print("\(files.count) messages: \(equalCount) read alike, \(unexplained.count) without an explanation")
        for explanation in Explanation.allCases {
            print("  \(explained[explanation, default: 0]): \(explanation.rawValue)")
        }
        for line in unexplained { print("  \(line)") }
        #expect(unexplained.count * 100 <= files.count, "\(unexplained.joined(separator: "\n"))")
    }

    private static func differences(
        _ message: MailMessage,
        _ bytes: [UInt8],
        _ reference: Reference
    ) -> [(what: String, why: Explanation?)] {
        guard reference.error == nil, let headers = reference.headers, let subject = reference.subject,
            let from = reference.from, let leaves = reference.leaves
        else { return [(reference.error ?? "no answer", .referenceFails)] }
        let hasStray = hasStrayLine(bytes)
        let general: Explanation? = !bytes.contains(0x0A) ? .carriageReturns : hasStray ? .strayLine : nil
        var found: [(what: String, why: Explanation?)] = []
        let own = message.headers.map { [$0.name, $0.value] }
        if own != headers {
            let isBlank = own.map { $0.map(squeezed) } == headers.map { $0.map(squeezed) }
            found.append(("fields: \(own.count) and \(headers.count)", general ?? (isBlank ? .blanks : nil)))
        }
        if message.subject != subject {
            let why: Explanation? =
                subject.contains("\u{FFFD}")
                ? .referenceFails : squeezed(subject) == squeezed(message.subject) ? .blanks : nil
            found.append(("subject: \(message.subject) and \(subject)", general ?? why))
        }
        if message.from.map(\.address) != from {
            let field = message.values(of: "From").joined(separator: ", ")
            let isFlaw =
                !field.contains("<") || field.contains { !$0.isASCII }
                || from.contains { $0.contains(" ") || !$0.contains("@") }
            found.append(
                ("senders: \(message.from.map(\.address)) and \(from)", general ?? (isFlaw ? .addressFlaw : nil))
            )
        }
        found += leafDifferences(message, bytes, leaves).map { ($0.what, general ?? $0.why) }
        return found
    }

    private static func leafDifferences(
        _ message: MailMessage,
        _ bytes: [UInt8],
        _ leaves: [Reference.Leaf]
    ) -> [(what: String, why: Explanation?)] {
        let own = message.root.leaves
        let text = String(decoding: bytes, as: UTF8.self)
        let types = own.map(\.part.type)
        let referenceTypes = leaves.map { $0.type.hasPrefix("multipart/") ? "text/plain" : $0.type }
        if types != referenceTypes {
            let declared = text.matches(of: #/(?mi)^content-type[ \t]*:[ \t]*([^;\r\n]*)/#).map { $0.output.1 }
            let isFlaw = declared.contains { $0.wholeMatch(of: #/\s*[\w.+\-]+/[\w.+\-]+\s*(\([^)]*\))?\s*/#) == nil }
            let why: Explanation? =
                leaves.contains { $0.type.hasPrefix("multipart/") }
                ? .noBoundary
                : types.contains { $0.hasPrefix("message/") && $0 != "message/delivery-status" }
                    ? .encodedMessage : isFlaw ? .typeFlaw : hasBoundaryFlaw(text) ? .boundaryFlaw : nil
            return [("parts: \(types) and \(leaves.map(\.type))", why)]
        }
        return zip(own, leaves).compactMap { own, leaf in
            guard let reference = leaf.text else { return nil }
            let text = CharacterSets.text(own.bytes, charset: own.part.charset)
            guard lines(text) != lines(reference) else { return nil }
            let encoding = own.part.headers.first { $0.name.lowercased() == "content-transfer-encoding" }?.value
                .lowercased()
            let why: Explanation? =
                reference.contains("\u{FFFD}") || text.contains("\u{FFFD}")
                ? .referenceFails
                : ["base64", "quoted-printable"].contains { encoding?.contains($0) == true }
                    ? .brokenEncoding : own.bytes.allSatisfy { $0 <= 0x20 } ? .partWithoutHead : nil
            return ("text of \(own.part.type): \(text.prefix(60)) and \(reference.prefix(60))", why)
        }
    }

    /// Whether the head has a line that is neither a field nor the continuation of one, in the middle or at its end.
    private static func hasStrayLine(_ bytes: [UInt8]) -> Bool {
        var isFirst = true
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if line.isEmpty || line.elementsEqual([0x0D]) { return isFirst }
            let isFrom = isFirst && line.starts(with: "From ".utf8)
            let isContinued = !isFirst && (line.first == 0x20 || line.first == 0x09)
            // Python wants the colon right behind the name.
            let name = line.prefix { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
            guard isFrom || isContinued || (!name.isEmpty && line.dropFirst(name.count).first == 0x3A) else {
                return true
            }
            isFirst = false
        }
        return true
    }

    private static func hasBoundaryFlaw(_ text: String) -> Bool {
        let boundaries = text.matches(of: #/(?i)boundary="?([^";\r\n]+)/#).map { $0.output.1 }
        return Set(boundaries).count != boundaries.count || boundaries.contains { !text.contains("--\($0)--") }
    }

    private static func squeezed(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }.map(Character.init))
    }

    private static func lines(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
