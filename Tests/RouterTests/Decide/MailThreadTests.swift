import Foundation
import Router
import Testing

/// Mailing lists of 2002, fed in order of date: every message ends in its own thread. The table that says which is made of the
/// identifiers of the messages that are there.
@Suite(.enabled(if: MailCorpus.isPresent, "no real mail")) struct MailThreadTests {
    private struct Item {
        var name: String
        var thread: String
        var delivery: MailDelivery
    }

    private static let parsed = Result { try read() }

    private static func items() throws -> [Item] { try parsed.get() }

    private static func read() throws -> [Item] {
        let folder = MailCorpus.root.appending(path: "mail-threads")
        let table = try String(contentsOf: folder.appending(path: "threads.dev.tsv"), encoding: .utf8)
        let items = try table.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t")
            let bytes = try MailCorpus.bytes(folder.appending(path: String(fields[0])))
            return Item(name: String(fields[0]), thread: String(fields[1]), delivery: try MailDelivery(bytes))
        }
        return items.sorted {
            ($0.delivery.message.dateSeconds ?? 0, $0.name) < ($1.delivery.message.dateSeconds ?? 0, $1.name)
        }
    }

    /// Which thread each message was put into.
    private static func assigned(_ items: [Item]) -> [MailThreadID] {
        var knowledge = InMemoryMailKnowledge()
        let router = MailRouter()
        return items.enumerated().map { index, item in
            var id = MailThreadID(rawValue: UInt64(index + 1))
            if case .thread(let known) = router.decide(item.delivery, knowing: knowledge).link { id = known }
            knowledge.add(item.delivery.message, fingerprint: item.delivery.fingerprint, to: id)
            return id
        }
    }

    /// What can be linked when each message comes after those before it and records are never merged: to the largest group that has
    /// a message whose Message-ID it names, that names its own, or that says it answers the same.
    private static func linkable(_ items: [Item]) -> [Int] {
        var groups: [Int] = []
        var counts: [Int: Int] = [:]
        var byID: [MessageID: Set<Int>] = [:]
        var byNamed: [MessageID: Set<Int>] = [:]
        var byAnswered: [MessageID: Set<Int>] = [:]
        for (index, item) in items.enumerated() {
            let message = item.delivery.message
            var candidates: Set<Int> = []
            for id in message.ancestorIdentifiers { candidates.formUnion(byID[id] ?? []) }
            for id in message.answeredIdentifiers { candidates.formUnion(byAnswered[id] ?? []) }
            if let id = message.messageID { candidates.formUnion(byNamed[id] ?? []) }
            let group = candidates.max { (counts[$0, default: 0], $1) < (counts[$1, default: 0], $0) } ?? index
            groups.append(group)
            counts[group, default: 0] += 1
            if let id = message.messageID { byID[id, default: []].insert(group) }
            for id in message.ancestorIdentifiers { byNamed[id, default: []].insert(group) }
            for id in message.answeredIdentifiers { byAnswered[id, default: []].insert(group) }
        }
        return groups
    }

    /// The share of messages that are with most of their thread, and the pairs of threads that were joined.
    private static func measure<Group: Hashable>(
        _ items: [Item],
        _ groups: [Group]
    ) -> (recall: Double, joined: [String]) {
        var byThread: [String: [Group: Int]] = [:]
        var byGroup: [Group: Set<String>] = [:]
        for (item, group) in zip(items, groups) {
            byThread[item.thread, default: [:]][group, default: 0] += 1
            byGroup[group, default: []].insert(item.thread)
        }
        let together = byThread.values.reduce(0) { $0 + ($1.values.max() ?? 0) }
        let joined = byGroup.values.filter { $0.count > 1 }.map { $0.sorted().joined(separator: "+") }.sorted()
        return (Double(together) / Double(items.count), joined)
    }

    @Test func everyMessageEndsInItsThread() throws {
        let items = try MailThreadTests.items()
        let (recall, joined) = MailThreadTests.measure(items, MailThreadTests.assigned(items))
        print("threads: \(items.count) messages, \(recall * 100) % with their thread, joined: \(joined)")
        #expect(items.count > 800)
        #expect(joined.isEmpty, "threads were joined: \(joined)")
        #expect(recall >= 0.98)
    }

    /// What is missing is not made up: the other identifiers link what they can, and nothing else.
    @Test(arguments: ["Message-ID", "In-Reply-To", "References", "Subject", "From", "To", "Cc", "Date", "Thread-Index"])
    func withoutAField(_ field: String) throws {
        var items = try MailThreadTests.items()
        for index in items.indices {
            items[index].delivery.message.headers.removeAll { $0.name.lowercased() == field.lowercased() }
            switch field {
            case "Message-ID": items[index].delivery.message.messageID = nil
            case "In-Reply-To": items[index].delivery.message.inReplyTo = []
            case "References": items[index].delivery.message.references = []
            case "Subject": items[index].delivery.message.subject = ""
            case "From": items[index].delivery.message.from = []
            case "To": items[index].delivery.message.to = []
            case "Cc": items[index].delivery.message.cc = []
            default: break
            }
        }
        let bound = MailThreadTests.measure(items, MailThreadTests.linkable(items)).recall
        let (recall, joined) = MailThreadTests.measure(items, MailThreadTests.assigned(items))
        print(
            "threads without \(field): \(recall * 100) % with their thread of \(bound * 100) % that can be; joined: \(joined)"
        )
        #expect(joined.isEmpty, "threads were joined: \(joined)")
        #expect(recall >= 0.98 * bound)
    }

    @Test(arguments: ["Question", "Re: Question", ""])
    func withOneSubject(_ subject: String) throws {
        var items = try MailThreadTests.items()
        for index in items.indices { items[index].delivery.message.subject = subject }
        let (recall, joined) = MailThreadTests.measure(items, MailThreadTests.assigned(items))
        print("threads with the subject '\(subject)': \(recall * 100) % with their thread, joined: \(joined)")
        #expect(joined.isEmpty, "threads were joined: \(joined)")
        #expect(recall >= 0.98)
    }
}
