// Sends what waits: e-mails that are Pending Send, the longest waiting first, for as long as it takes.
//
//   due (index on sendafter) ─▶ begin-delivery ─▶ compose ─▶ mail system ─▶ confirm-, postpone- or fail-delivery
//
// Guarantees
// - The CRM holds everything: what waits, until when, which Message-ID it has, who has it already. A sender that is killed or restarted
//   goes on; what it was sending leaves again when its time is over, with the same Message-ID. So an e-mail leaves at least once, and
//   twice only where somebody died, or a connection, between the end of the message and its answer.
// - A mail system that is away is waited for; no e-mail is begun, counted or given up because of it: the conversation is there before.
//   One that takes fewer conversations than it might is asked for no more than it takes.
// - What leaves is what was there when it was begun: all of it is read after that.
// - An e-mail that cannot be sent as it is fails with the reason, and is open again for whoever wrote it; it holds nobody up.
//
// Thread rule: an actor; several e-mails are under way at a time.

import CRM
import Engine
import Kith
import Logging
import NIOCore
import Net
import Router

package actor MailSender {
    private let options: SendOptions
    private let clientOptions: ClientOptions
    private let connector: SubmitConnector
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private var client: KithClient?
    /// Conversations that nobody uses at the moment.
    private var idle: [SubmitConnection] = []
    private var pace: DomainPace
    /// E-mails that a domain's pace holds up, and until when: milliseconds of the process's clock.
    private var held: [RecordID: Int64] = [:]
    private var failures = 0
    /// Conversations that are used at the moment, and how many are tried for at a time.
    private var usedCount = 0
    private var usedMax: Int
    package private(set) var counts = SendCounts()

    /// E-mails that are looked at in one go.
    private static let batchMax = 100
    /// How long one is left alone with which the CRM lets nothing be done.
    private static let refusedMilliseconds: Int64 = 600_000

    init(
        _ options: SendOptions,
        _ clientOptions: ClientOptions,
        _ group: any EventLoopGroup,
        logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) throws {
        (self.options, self.logger, self.now) = (options, logger, now)
        // A client of its own: the server knows requests that come again by the client's number and theirs.
        var own = clientOptions
        own.number = UInt64.random(in: 1 ... .max)
        self.clientOptions = own
        usedMax = options.limits.connectionsMax
        connector = try SubmitConnector(options, group)
        pace = DomainPace(countMax: options.limits.domainCountMax, minuteMax: options.limits.domainMinuteMax)
    }

    /// Sends what waits and what comes, until the task is cancelled; e-mails that are under way are finished.
    func run() async {
        while !Task.isCancelled {
            do {
                let client = try await connected()
                let emails = try await due(client)
                if emails.isEmpty {
                    leave()
                    try? await Task.sleep(for: .milliseconds(options.limits.pollMilliseconds))
                } else {
                    try await reach()
                    await send(emails, client)
                }
            } catch {
                if Task.isCancelled { break }
                logger.warning("outgoing mail waits", metadata: ["reason": "\(error)"])
                await rest()
            }
        }
        await hangUp()
        await client?.close()
        client = nil
    }

    // MARK: What waits

    private func due(_ client: KithClient) async throws -> [RecordID] {
        let schema = try await client.schema
        guard schema.standardEntity(named: "email")?.attributeID("sendafter") != nil,
            schema.standardEntity(named: "activityparty")?.attributeID("deliverycode") != nil
        else { throw MailServerFlaw(description: "the server's e-mails have no sendafter, by which they are found") }
        let moment = Self.milliseconds()
        held = held.filter { $0.value > moment }
        let now = now()
        // Whatever is held up, however much, hides nothing behind it.
        for offset in stride(from: 0, to: .max, by: options.limits.dueMax) {
            var cursor = try await client.query(
                """
                SELECT activityid FROM email WHERE sendafter <= ? AND statuscode IN (6, 7) \
                ORDER BY sendafter LIMIT \(options.limits.dueMax) OFFSET \(offset)
                """,
                [.instant(now)]
            )
            let ids = try await cursor.rows().compactMap { $0[0].referenced }
            let free = ids.lazy.filter { self.held[$0] == nil }.prefix(Self.batchMax)
            if !free.isEmpty || ids.count < options.limits.dueMax { return Array(free) }
        }
        return []
    }

    /// Sends e-mails, as many at a time as there may be conversations. What goes wrong with one is its own.
    private func send(_ emails: [RecordID], _ client: KithClient) async {
        await withTaskGroup(of: Void.self) { tasks in
            for (count, id) in emails.enumerated() {
                if count >= usedMax { await tasks.next() }
                if Task.isCancelled || failures > 0 { break }
                // Not cancelled with the group: what has begun is finished and told.
                tasks.addTask { await Task { await self.send(id, client) }.value }
            }
        }
    }

    // MARK: One e-mail

    private func send(_ id: RecordID, _ client: KithClient) async {
        do {
            guard let email = try await read(id, attempt: nil, client) else { return }
            let domains = Set(email.openRecipients.map(\.domain))
            if let wait = pace.begin(domains, at: Self.milliseconds()) {
                held[id] = Self.milliseconds() + wait
                return
            }
            defer { pace.end(domains, at: Self.milliseconds()) }
            guard let connection = try await takeConnection() else { return }
            do {
                try await send(email, by: connection, client)
            } catch {
                await giveBack(connection)
                throw error
            }
            await giveBack(connection)
        } catch let refusal as Refusal where MailCarrier.isPermanent(refusal) {
            // The CRM refuses what is done to this one; others may leave.
            logger.error("an e-mail waits", metadata: ["reason": "\(refusal)", "email": "\(id)"])
            held[id] = Self.milliseconds() + Self.refusedMilliseconds
        } catch {
            logger.warning("an e-mail waits", metadata: ["reason": "\(error)", "email": "\(id)"])
            await rest()
        }
    }

    /// The e-mail, with its merge fields filled in; nil where it does not wait any more, or cannot be sent as it is.
    private func read(_ id: RecordID, attempt: Int64?, _ client: KithClient) async throws -> WaitingEmail? {
        do {
            let email = try await WaitingEmail(id, client)
            guard let email, email.hasMergeFields else { return email }
            try await MergeFields.fill(email, client)
            return try await WaitingEmail(id, client)
        } catch let flaw as SendFlaw {
            try await fail(id, flaw.description, attempt: attempt, client)
            return nil
        }
    }

    private func send(_ due: WaitingEmail, by connection: SubmitConnection, _ client: KithClient) async throws {
        let limits = options.limits
        let begun = now()
        guard let attempt = try await begin(due, at: begun, client) else { return }
        let report: SendReport
        do {
            // Between `due` and here somebody may have taken it back, corrected it, and sent it anew.
            guard let email = try await read(due.id, attempt: attempt.number, client) else { return }
            let mail = try await OutgoingEmail(email, messageID: attempt.messageID, at: begun, options, client)
            guard (now() - begun) / 1_000 < limits.leaseMilliseconds - limits.exchangeMilliseconds else {
                throw MailServerFlaw(description: "reading it took too long")
            }
            let fates = await connection.submit(mail.submission)
            let isLate = now() - (email.handedOver ?? begun) > limits.daysMax * 86_400_000_000
            let schema = try await client.schema
            report = SendReport(email.named(fates, schema), isLate: isLate, days: limits.daysMax)
        } catch let error where Self.isFlaw(error) {
            return try await fail(due.id, "\(error)", attempt: attempt.number, client)
        } catch {
            // The CRM did not say what is in it: nothing has left.
            report = .postponed(reason: "\(error)", accepted: [], refused: [])
        }
        try await tell(report.request(due.id, attempt: attempt.number), client)
        switch report {
        case .confirmed: counts.confirmed += 1
        case .postponed: counts.postponed += 1
        }
    }

    private struct Attempt {
        var number: Int64
        var messageID: MessageID
    }

    /// Takes the e-mail; nil where somebody else has it, or it is not to be sent.
    private func begin(_ email: WaitingEmail, at moment: Int64, _ client: KithClient) async throws -> Attempt? {
        let id = email.messageID ?? SendIdentifier.random(domain: options.domain)
        let request = BeginDelivery(
            email.id,
            messageID: id,
            digest: MailIdentifier.digest(id),
            until: moment + options.limits.leaseMilliseconds * 1_000
        )
        do {
            _ = try await client.perform(request.request)
        } catch let refusal as Refusal where refusal.code == .ruleBroken {
            switch refusal.rule {
            case "being-sent", "not-due", "not-waiting", "state":
                // By the CRM's clock it may not be due yet: it is asked about again, and not at once.
                held[email.id] = Self.milliseconds() + Int64(options.limits.pollMilliseconds)
                return nil
            default: break
            }
            try await fail(email.id, refusal.message, attempt: nil, client)
            return nil
        }
        let page = try await client.read("email", ["messageid", "deliveryattempts"], [email.id])
        guard let row = page.rows.first, row.count == 2, let kept = row[0].textOrNil, case .integer(let number) = row[1]
        else { return nil }
        return Attempt(number: number, messageID: MessageID(kept))
    }

    private func fail(_ id: RecordID, _ reason: String, attempt: Int64?, _ client: KithClient) async throws {
        logger.notice("an e-mail is not sent", metadata: ["reason": "\(reason)", "email": "\(id)"])
        try await tell(FailDelivery(id, reason: MailText.line(reason, 500), attempt: attempt).request, client)
        counts.failed += 1
    }

    /// What the CRM refuses to be told because somebody was faster.
    private static let outdated: Set<String> = ["another-attempt", "not-being-sent", "not-waiting", "state"]

    /// Tells the CRM. That it does not want to know any more, because somebody else was faster, is no failure.
    private func tell(_ request: MessageRequest, _ client: KithClient) async throws {
        do {
            _ = try await client.perform(request)
        } catch let refusal as Refusal
            where refusal.code == .recordNotFound || refusal.code == .ruleBroken && Self.outdated.contains(refusal.rule)
        {
            logger.notice("a report of an e-mail is refused", metadata: ["reason": "\(refusal)"])
        }
    }

    /// Whether the e-mail is at fault, and would be again.
    private static func isFlaw(_ error: any Error) -> Bool {
        error is SendFlaw || error is ComposeError || error is SubmitMessage.Refusal || error is ContentError
    }

    // MARK: The other sides

    private func connected() async throws -> KithClient {
        if let client { return client }
        let client = try await KithClient.connect(clientOptions)
        self.client = client
        return client
    }

    /// Returns when the mail system is there: nothing is begun before.
    private func reach() async throws {
        var usable: [SubmitConnection] = []
        for connection in idle {
            if await connection.isUsable() { usable.append(connection) } else { connection.leave() }
        }
        idle = usable
        if idle.isEmpty {
            idle.append(try await connector.connect())
            usedMax = options.limits.connectionsMax
        }
        failures = 0
    }

    /// A conversation for one e-mail; nil where the mail system takes no more of them at a time: the e-mail is asked for again.
    private func takeConnection() async throws -> SubmitConnection? {
        usedCount += 1
        do {
            while let connection = idle.popLast() {
                if await connection.isUsable() { return connection }
                connection.leave()
            }
            return try await connector.connect()
        } catch {
            usedCount -= 1
            let others = usedCount + idle.count
            guard others > 0 else { throw error }
            usedMax = min(usedMax, others)
            return nil
        }
    }

    private func giveBack(_ connection: SubmitConnection) async {
        usedCount -= 1
        if await connection.isUsable() { idle.append(connection) } else { connection.leave() }
    }

    /// Hangs up on everybody: what is being sent ends as lost.
    nonisolated func abort() { connector.abort() }

    private func leave() {
        for connection in idle { connection.leave() }
        idle = []
    }

    private func hangUp() async {
        let connections = idle
        idle = []
        await withTaskGroup(of: Void.self) { tasks in
            for connection in connections { tasks.addTask { await connection.close() } }
        }
    }

    /// Waits the longer the more often something failed.
    private func rest() async {
        failures += 1
        let wait = options.limits.awayMillisecondsMin << min(failures - 1, 10)
        try? await Task.sleep(for: .milliseconds(min(wait, options.limits.awayMillisecondsMax)))
    }

    private static func milliseconds() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
}

/// Message-IDs that nobody can guess: whoever knows one is believed to answer it.
enum SendIdentifier {
    static func random(domain: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        let text = (0..<26).map { _ in digits[Int(generator.next() & 31)] }
        return "\(String(decoding: text, as: UTF8.self))@\(domain)"
    }
}
