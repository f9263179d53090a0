// Messages in files, as knowledge of the router: what a CRM would know that had received them in the order of their dates.

import FoundationEssentials
import Router

struct MailArchive {
    private(set) var knowledge: InMemoryMailKnowledge
    /// What people know a thread by: the file and the subject of its first message.
    private(set) var names: [MailThreadID: String] = [:]

    /// `own` are addresses and, without an `@`, domains.
    init(own: [String]) {
        knowledge = InMemoryMailKnowledge(
            ownAddresses: Set(own.filter { $0.contains("@") }),
            ownDomains: Set(own.filter { !$0.contains("@") })
        )
    }

    /// Reads one message. Throws where there is none.
    static func delivery(_ path: String, recipients: [String]) throws(CommandFailure) -> MailDelivery {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.usage, "\(path) cannot be read: name a file with one message")
        }
        do throws(MailError) {
            return try MailDelivery(Array(data), recipients: recipients.map { MailAddress(address: $0) })
        } catch {
            throw CommandFailure(.usage, "\(path) is not read: \(error)")
        }
    }

    /// Adds the messages of a folder, not of those in it, the oldest first. What is no message is said on standard error.
    mutating func add(folder: String) throws(CommandFailure) {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw CommandFailure(.usage, "\(folder) cannot be read: --seen names a folder of messages")
        }
        var seen: [(name: String, delivery: MailDelivery)] = []
        for name in files.sorted() where !name.hasPrefix(".") {
            var isFolder = false
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder), !isFolder else {
                continue
            }
            do throws(CommandFailure) {
                seen.append((name, try MailArchive.delivery("\(folder)/\(name)", recipients: [])))
            } catch {
                StandardError.write("Left out: \(error.message)\n")
            }
        }
        seen.sort { ($0.delivery.message.dateSeconds ?? 0, $0.name) < ($1.delivery.message.dateSeconds ?? 0, $1.name) }
        let router = MailRouter()
        for (name, delivery) in seen {
            let thread: MailThreadID
            if case .thread(let known) = router.decide(delivery, knowing: knowledge).link {
                thread = known
            } else {
                thread = MailThreadID(rawValue: UInt64(names.count + 1))
                names[thread] = "\(name): \(delivery.message.subject)"
            }
            knowledge.add(delivery.message, fingerprint: delivery.fingerprint, to: thread)
        }
    }
}
