import Foundation
import Router
import Testing

/// What is written is what Python's `email` package reads, and it finds nothing wrong with it.
@Suite struct ComposeReferenceTests {
    private struct Reading: Decodable {
        var fields: [String]
        var subject: String
        var date: Int64
        var from: [[String]]
        var to: [[String]]
        var cc: [[String]]
        var references: String
        var texts: [String: String]
        var files: [[String]]
        var defects: [String]
    }

    private static func read(_ mails: [OutgoingMail]) throws -> [Reading] {
        let lines = try mails.map { Data(try $0.bytes()).base64EncodedString() }
        return try PythonReader.answers("compose_reference.py", lines).map {
            try JSONDecoder().decode(Reading.self, from: Data($0.utf8))
        }
    }

    /// Blanks apart: Python makes one of several, and takes away those at the ends.
    private func squeezed(_ text: String) -> String {
        text.split { $0 == " " || $0 == "\n" || $0 == "\r\n" || $0 == "\t" }.joined(separator: " ")
    }

    /// Without any blanks: between two encoded words of a name Python leaves the one that is none, and trims names with blanks that do not
    /// break.
    private func bare(_ text: String) -> String { String(text.filter { !$0.isWhitespace }) }

    @Test(.enabled(if: PythonReader.isThere, "no python3"))
    func pythonReadsTheSame() throws {
        var random = SplitMix(state: 2_026)
        let mails = (0..<400).map { _ in RandomMail.mail(&random) }
        let readings = try ComposeReferenceTests.read(mails)
        #expect(readings.count == mails.count)
        for (round, (mail, reading)) in zip(mails, readings).enumerated() {
            #expect(reading.defects == [], "round \(round)")
            #expect(reading.date == mail.dateSeconds, "round \(round)")
            #expect(squeezed(reading.subject) == squeezed(mail.subject), "round \(round)")
            for (read, put) in [(reading.from, [mail.from]), (reading.to, mail.to), (reading.cc, mail.cc)] {
                #expect(read.map { $0[1] } == put.map(\.address), "round \(round)")
                #expect(read.map { bare($0[0]) } == put.map { bare($0.name) }, "round \(round)")
            }
            #expect(squeezed(reading.references) == mail.references.map(\.description).joined(separator: " "))
            if !mail.text.isEmpty {
                let read = Flowed.joined(reading.texts["text/plain"] ?? "").joined(separator: "\n")
                #expect(squeezed(read) == squeezed(Flowed.normal(mail.text).joined(separator: "\n")), "round \(round)")
            }
            if let html = mail.html {
                #expect(squeezed(reading.texts["text/html"] ?? "") == squeezed(html), "round \(round)")
            }
            let shown = mail.attachments.filter { mail.html != nil && $0.contentID != nil }
            let files = shown + mail.attachments.filter { mail.html == nil || $0.contentID == nil }
            #expect(reading.files.map { $0[3] } == files.map { Data($0.bytes).base64EncodedString() }, "round \(round)")
            #expect(reading.files.map { $0[2] } == files.map { $0.contentID.map { "<\($0)>" } ?? "" }, "round \(round)")
            let names = files.map { $0.fileName.split { "/\\".contains($0) }.last.map(String.init) ?? "" }
            #expect(reading.files.map { bare($0[0]) } == names.map(bare), "round \(round)")
        }
    }

    /// With every hostile value that is written at all, there are the same fields, people and files.
    @Test(.enabled(if: PythonReader.isThere, "no python3"))
    func hostileValuesAddNothing() throws {
        var mails: [OutgoingMail] = []
        for value in HostileValueTests.hostile {
            var mail = OutgoingMail.example
            (mail.subject, mail.text, mail.html) = ("x" + value, value, value)
            mail.to = [MailAddress(name: value, address: "ann@a.example")]
            mail.attachments = [OutgoingMail.Attachment(fileName: value, type: value, bytes: [1])]
            mail.calendar = OutgoingMail.Calendar(method: "REQUEST", text: value)
            if (try? mail.bytes()) != nil { mails.append(mail) }
        }
        #expect(mails.count > 40)
        let fields = ["Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type"]
        for (mail, reading) in zip(mails, try ComposeReferenceTests.read(mails)) {
            #expect(reading.fields == fields, "\(mail.subject.debugDescription)")
            #expect(reading.to.map { $0[1] } == ["ann@a.example"] && reading.cc.isEmpty)
            #expect(reading.files.map { $0[1] } == ["application/octet-stream"])
            #expect(reading.texts.keys.sorted() == ["text/calendar", "text/html", "text/plain"])
        }
    }
}
