// Messages in files, as knowledge of the router: what a CRM would know that had received them in the order of their dates.

import FoundationEssentials
import Router

/// A message in a file, or one of those in an mbox file.
struct ArchivedMail {
    /// The file's name; in an mbox file with `:` and the number of the message, from 1.
    let name: String
    fileprivate let bytes: () -> [UInt8]?

    /// Reads it. Throws where there is no message.
    func delivery(recipients: [String] = []) throws(CommandFailure) -> MailDelivery {
        guard let bytes = bytes() else {
            throw CommandFailure(.usage, "\(name) cannot be read: name a file with one message")
        }
        do throws(MailError) {
            return try MailDelivery(bytes, recipients: recipients.map { MailAddress(address: $0) })
        } catch {
            throw CommandFailure(.usage, "\(name) is not read: \(error)")
        }
    }
}

/// What became of a message of an archive.
struct ReplayedMail {
    let name: String
    let delivery: MailDelivery
    let decision: MailDecision
    /// The thread that it was put into; nil for what is not filed, as it is there already or goes in circles.
    let thread: MailThreadID?
    /// Whether it began that thread.
    let isFirst: Bool
}

struct MailArchive {
    private(set) var knowledge: InMemoryMailKnowledge
    /// What people know a thread by: the file and the subject of its first message.
    private(set) var names: [MailThreadID: String] = [:]
    private let router = MailRouter()

    /// `own` are addresses and, without an `@`, domains.
    init(own: [String]) {
        knowledge = InMemoryMailKnowledge(
            ownAddresses: Set(own.filter { $0.contains("@") }),
            ownDomains: Set(own.filter { !$0.contains("@") })
        )
    }

    /// One message in a file.
    static func mail(_ path: String) -> ArchivedMail {
        ArchivedMail(name: path) { FileManager.default.contents(atPath: path).map(Array.init) }
    }

    /// The messages of a folder, not of those in it, or of an mbox file, or the one of a file.
    static func mails(at path: String) throws(CommandFailure) -> [ArchivedMail] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.usage, "\(path) is not there: name a folder of messages or an mbox file")
        }
        if isFolder {
            guard let files = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw CommandFailure(.usage, "\(path) cannot be read")
            }
            return files.sorted().filter { !$0.hasPrefix(".") && isFile("\(path)/\($0)") }.map { mail("\(path)/\($0)") }
        }
        guard let bytes = FileManager.default.contents(atPath: path).map(Array.init), Mbox.isMbox(bytes) else {
            return [mail(path)]
        }
        return Mbox(bytes).enumerated().map { number, message in
            ArchivedMail(name: "\(path):\(number + 1)") { message }
        }
    }

    private static func isFile(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
    }

    /// Takes messages in, the oldest first, as the router would have: each begins a thread or joins one. What is no message is said on
    /// standard error. Returns how many these are.
    mutating func take(
        _ mails: [ArchivedMail],
        progress: Progress? = nil,
        _ told: (ReplayedMail) -> Void = { _ in }
    ) -> Int {
        // Read twice, the first time for their dates: so what is kept does not grow with their sizes.
        var dated: [(date: Int64, place: Int, mail: ArchivedMail)] = []
        for (place, mail) in mails.enumerated() {
            do throws(CommandFailure) {
                dated.append((try mail.delivery().message.dateSeconds ?? 0, place, mail))
            } catch {
                StandardError.write("Left out: \(error.message)\n")
            }
        }
        // Of the same moment, or without one, in the order in which they stand in the archive.
        dated.sort { ($0.date, $0.place) < ($1.date, $1.place) }
        for (number, (_, _, mail)) in dated.enumerated() {
            progress?.show(Double(number) / Double(dated.count), mail.name)
            guard let delivery = try? mail.delivery() else { continue }
            told(take(delivery, mail.name))
        }
        progress?.finish()
        return mails.count - dated.count
    }

    private mutating func take(_ delivery: MailDelivery, _ name: String) -> ReplayedMail {
        let decision = router.decide(delivery, knowing: knowledge)
        var thread: MailThreadID?
        var isFirst = false
        switch decision.kind {
        case .duplicate, .loop: break
        default:
            if case .thread(let known) = decision.link {
                thread = known
            } else {
                let new = MailThreadID(rawValue: UInt64(names.count + 1))
                names[new] = "\(name.split(separator: "/").last ?? ""): \(delivery.message.subject)"
                (thread, isFirst) = (new, true)
            }
        }
        if let thread { knowledge.add(delivery.message, fingerprint: delivery.fingerprint, to: thread) }
        return ReplayedMail(name: name, delivery: delivery, decision: decision, thread: thread, isFirst: isFirst)
    }
}
