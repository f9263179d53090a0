// `kith route replay`: what the router would have made of an archive.

import ArgumentParser
import Engine
import FoundationEssentials
import Kith
import Router

extension RouteCommand {
    struct ReplayCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Run an archive through the router, and report what became of each message.",
            discussion: """
                Takes the messages of a folder, or of an mbox file, in the order of their dates, as if they had come to an empty \
                CRM: each begins a thread or joins one. Prints a row for each: what it is, its thread, and the reasons for \
                both. Standard error has the sums. Changes nothing and asks no server.

                What is no message is left out and said, and the status is 1.

                EXAMPLES
                  kith route replay ./archive
                  kith route replay --own support@example.org --format csv support.mbox > report.csv
                """
        )

        @Option(help: "An address, or a domain, that is the CRM's own; more than one may be given.")
        var own: [String] = []

        @Option(help: "table (for people), json, csv or ndjson.")
        var format = RowFormat.table

        @Argument(help: "A folder of messages as they were received, or an mbox file.")
        var archive: String

        func run() async throws {
            let mails = try MailArchive.mails(at: archive)
            var replay = MailArchive(own: own)
            var writer = RowWriter(format)
            var sums = ReplaySums()
            writer.begin(ReplayCommand.columns, Schema(epoch: 0, entities: [], optionSets: []))
            let leftOut = replay.take(mails, progress: Progress("Replaying")) { mail in
                sums.add(mail)
                writer.append(ReplayCommand.row(mail))
            }
            writer.end()
            StandardOutput.flush()
            StandardError.write(sums.text)
            guard leftOut == 0 else { throw CommandFailure(.incomplete, "\(leftOut) of \(mails.count) were left out") }
        }

        private static let columns = [
            RowColumn(name: "message", type: .text(.general)), RowColumn(name: "date", type: .instant),
            RowColumn(name: "from", type: .text(.general)), RowColumn(name: "subject", type: .text(.general)),
            RowColumn(name: "kind", type: .text(.general)), RowColumn(name: "thread", type: .integer),
            RowColumn(name: "isnew", type: .boolean), RowColumn(name: "reasons", type: .text(.general)),
        ]

        private static func row(_ mail: ReplayedMail) -> [Value] {
            let message = mail.delivery.message
            return [
                .text(mail.name),
                message.dateSeconds.map { .instant($0.multipliedReportingOverflow(by: 1_000_000).partialValue) }
                    ?? .null,
                .text(message.from.first?.address ?? ""), .text(message.subject), .text(mail.decision.kind.name),
                mail.thread.map { .integer(Int64($0.rawValue)) } ?? .null, .boolean(mail.isFirst),
                .text(mail.decision.findings.map(\.rawValue).joined(separator: " ")),
            ]
        }
    }
}

/// What an archive came to.
private struct ReplaySums {
    private var messages = 0
    private var threads = 0
    private var joined = 0
    private var kinds: [String: Int] = [:]
    private var reasons: [MailReason: Int] = [:]

    mutating func add(_ mail: ReplayedMail) {
        messages += 1
        if mail.isFirst { threads += 1 } else if mail.thread != nil { joined += 1 }
        kinds[mail.decision.kind.name, default: 0] += 1
        for reason in Set(mail.decision.findings) { reasons[reason, default: 0] += 1 }
    }

    /// Kinds and reasons, the most frequent first.
    var text: String {
        func list(_ counts: [(String, Int)]) -> String {
            counts.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        }
        var text = "\(messages) messages in \(threads) threads, \(joined) joined one that was there.\n"
        if messages > 0 {
            text += "Kinds: \(list(kinds.map { ($0.key, $0.value) })).\n"
            text += "Reasons: \(list(reasons.map { ($0.key.rawValue, $0.value) })).\n"
        }
        return text
    }
}
