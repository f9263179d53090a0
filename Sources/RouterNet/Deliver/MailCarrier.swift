// Brings what waits in the spool to the CRM, one message after the other, for as long as it takes.
//
// Guarantees
// - A message leaves the spool when the server has said that its transaction is durable, or that it has the message already.
// - A server that is away, has no room, or cannot take any mail at all is waited for: nothing is given up because of it, and nothing
//   overtakes.
// - What cannot be read, and what the server refuses in full, goes in as a bare e-mail with the message as it came, into the queue for
//   the rest; what is refused even so is quarantined with the refusal.
//
// Thread rule: one task runs it.

import Engine
import Kith
import Logging
import NIOCore
import Net
import Router
import Snapshot

/// What the carrier is told.
package struct CarrierOptions: Sendable {
    package var client: ClientOptions
    package var rules = MailRules()
    package var domains = MailDomains()
    /// Addresses, and domains without `@`, that are the CRM's own beside those of its queues and users.
    package var own: Set<String> = []
    /// Name of the queue for the rest; made where it is not there.
    package var queueName = "Mail to sort"
    package var storms = StormLimits()
    /// Reads the addresses to which reports and wishes come.
    package var deliveryTokens = DeliveryToken(keys: [])

    package init(client: ClientOptions) { self.client = client }
}

/// Counts since the start.
package struct CarrierCounts: Equatable, Sendable {
    package var delivered = 0
    package var known = 0
    package var bare = 0
    package var quarantined = 0

    package init(delivered: Int = 0, known: Int = 0, bare: Int = 0, quarantined: Int = 0) {
        (self.delivered, self.known, self.bare, self.quarantined) = (delivered, known, bare, quarantined)
    }
}

package actor MailCarrier {
    /// Times that a message is tried in full while records that it refers to come and go.
    private static let attemptsMax = 3

    private enum Outcome {
        case delivered
        case known
        case bare
    }

    private let spool: MailSpool
    let options: CarrierOptions
    private let reader: MailReader
    private let logger: Logger
    private var client: KithClient?
    package private(set) var counts = CarrierCounts()

    init(_ spool: MailSpool, _ options: CarrierOptions, _ reader: MailReader, logger: Logger) {
        (self.spool, self.options, self.reader, self.logger) = (spool, options, reader, logger)
    }

    /// Delivers what waits and what comes, until the task is cancelled. `wakeUps` says that there is something new.
    func run(_ wakeUps: AsyncStream<Void>) async {
        var wakeUps = wakeUps.makeAsyncIterator()
        while !Task.isCancelled {
            while !Task.isCancelled, let number = spool.next() { await deliver(number) }
            if await wakeUps.next() == nil { break }
        }
        await client?.close()
        client = nil
    }

    /// Delivers one message, or waits and returns to be called again.
    private func deliver(_ number: UInt64) async {
        do {
            guard let mail = try await read(number) else { return }
            let outcome = try await carry(mail.spooled, mail.delivery, work(number))
            try spool.remove(number)
            switch outcome {
            case .delivered: counts.delivered += 1
            case .known:
                counts.known += 1
                logger.notice("a message is known already and dropped", metadata: Self.metadata(of: mail.delivery))
            case .bare: counts.bare += 1
            }
        } catch let error where Self.isPermanent(error) {
            await quarantine(number, "refused by the server: \(error)")
        } catch StorageError.notFound(let file) {
            logger.error("a message is gone from the spool", metadata: ["file": "\(file)"])
            spool.forget(number)
        } catch {
            if Task.isCancelled { return }
            logger.warning("mail waits", metadata: ["reason": "\(error)", "waiting": "\(spool.waiting.count)"])
            await rest()
        }
    }

    /// Reads and parses; nil where it was set aside. The delivery is nil for a message that the parser refuses.
    private func read(
        _ number: UInt64
    ) async throws -> (spooled: SpooledMail, delivery: Result<MailDelivery, MailError>)? {
        let spooled: SpooledMail
        do {
            spooled = try spool.read(number)
        } catch let error as DecodeError {
            await quarantine(number, "its file is damaged: \(error)")
            return nil
        }
        let parse = reader.parse
        do {
            return (spooled, .success(try await work(number).run { try parse(spooled) }))
        } catch let error as MailError {
            return (spooled, .failure(error))
        }
    }

    private func work(_ number: UInt64) -> MailWork { MailWork(spool: spool, reader: reader, number: number) }

    private static func metadata(of delivery: Result<MailDelivery, MailError>) -> Logger.Metadata {
        guard case .success(let delivery) = delivery else { return [:] }
        return ["message": "\(delivery.message.messageID?.description ?? "without an identifier")"]
    }

    private func quarantine(_ number: UInt64, _ reason: String) async {
        logger.error("a message is quarantined", metadata: ["number": "\(number)", "reason": "\(reason)"])
        do {
            try spool.quarantine(number, reason)
            counts.quarantined += 1
        } catch StorageError.notFound(let file) {
            logger.error("a message is gone from the spool", metadata: ["file": "\(file)"])
            spool.forget(number)
        } catch {
            logger.critical("the spool fails", metadata: ["reason": "\(error)"])
            await rest()
        }
    }

    private func carry(
        _ spooled: SpooledMail,
        _ delivery: Result<MailDelivery, MailError>,
        _ work: MailWork
    ) async throws -> Outcome {
        let client = try await connected()
        switch delivery {
        case .success(let delivery):
            for attempt in 1... {
                do {
                    return try await carry(spooled, delivery, client, work)
                } catch let error where Self.isPermanent(error) {
                    if attempt < Self.attemptsMax { continue }
                    logger.error("a message goes in bare", metadata: ["reason": "\(error)"])
                    return try await carryBare(spooled, "refused in full: \(error)", client)
                }
            }
            preconditionFailure("left by return and throw only")
        case .failure(let error): return try await carryBare(spooled, "not read: \(error)", client)
        }
    }

    private func carry(
        _ spooled: SpooledMail,
        _ delivery: MailDelivery,
        _ client: KithClient,
        _ work: MailWork
    ) async throws -> Outcome {
        var (directory, rest) = try await directory(client)
        // Whom it is from, and to whom it came, count more than whom else the decision asks about.
        let first = delivery.message.from + delivery.message.sender + delivery.recipients
        for address in first.prefix(MailDirectory.addressesMax / 2) { _ = try await directory.party(address.key) }
        let answers = MailAnswers(client: client, own: Set(options.own.map { $0.lowercased() }))
        let decision = try await answers.decide(delivery, by: MailRouter(rules: options.rules), &directory, work)
        if case .duplicate = decision.kind { return .known }
        let parties = try await MailPlacement.parties(of: delivery, &directory)
        let schema = try await client.schema
        let source = try await upload(spooled.mail.bytes, name: "message.eml", type: "message/rfc822", client)
        var files: [FileReference?] = []
        for attachment in delivery.message.attachments.prefix(MailEffects.notesMax) {
            files.append(
                try await upload(
                    attachment.bytes,
                    name: attachment.fileName,
                    type: attachment.type.lowercased(),
                    client
                )
            )
        }
        let returns = try await returns(of: decision.kind, delivery, at: spooled.receivedMicroseconds, client)
        var placement = MailPlacement(delivery, decision, parties, rest: rest, about: returns.regarding, schema)
        placement.reasons += returns.reasons
        let acknowledgement = try await acknowledgement(of: spooled, delivery, &placement, parties, answers, &directory)
        let effects = MailEffects(
            schema: schema,
            spooled: spooled,
            delivery: delivery,
            placement: placement,
            parties: parties,
            source: source,
            files: files,
            returns: returns,
            acknowledgement: acknowledgement
        )
        let key = MailIdentifier.key(of: delivery.fingerprint)
        return try await execute(try await work.run { try effects.transaction() }, key, client) ? .delivered : .known
    }

    /// The message as it came, for a person to look at.
    private func carryBare(_ spooled: SpooledMail, _ reason: String, _ client: KithClient) async throws -> Outcome {
        let (_, rest) = try await directory(client)
        let source = try await upload(spooled.mail.bytes, name: "message.eml", type: "message/rfc822", client)
        var transaction = Transaction(try await client.schema)
        let title = "(a message from \(MailText.line(spooled.mail.sender, 100)) that could not be taken in)"
        let key = MailIdentifier.key(ofBytes: spooled.mail.bytes)
        let email = try transaction.createStandard(
            "email",
            [
                ("subject", .text(title)), ("externalid", .text(key)), ("directioncode", .boolean(false)),
                ("statecode", .option(1)), ("statuscode", .option(4)),
                ("actualend", .instant(spooled.receivedMicroseconds)),
                ("routingreason", .text(MailText.block(reason, 10_000))),
                ("source", source.map { .text($0.text) } ?? .null),
            ]
        )
        if let email {
            _ = try transaction.createStandard(
                "queueitem",
                [
                    ("title", .text(title)), ("queueid", .reference(rest.id)), ("objectid", .reference(email)),
                    ("enteredon", .instant(spooled.receivedMicroseconds)),
                ]
            )
        }
        return try await execute(transaction, key, client) ? .bare : .known
    }

    /// Whether it took effect now; false where an e-mail of this external id is there already. A key of the organisation's own may
    /// refuse it too, and that is another matter.
    private func execute(_ transaction: Transaction, _ key: String, _ client: KithClient) async throws -> Bool {
        do {
            _ = try await client.execute(transaction)
            return true
        } catch let refusal as Refusal where refusal.code == .duplicateKey {
            var cursor = try await client.query("SELECT activityid FROM email WHERE externalid = ?", [.text(key)])
            guard try await cursor.rows().isEmpty else { return false }
            throw refusal
        }
    }

    private func upload(
        _ bytes: [UInt8],
        name: String,
        type: String,
        _ client: KithClient
    ) async throws -> FileReference? {
        guard !bytes.isEmpty else { return nil }
        var rest = bytes[...]
        let content = try await client.upload(lengthBytes: Int64(bytes.count)) {
            let piece = Array(rest.prefix(FilePieces.bytes))
            rest = rest.dropFirst(piece.count)
            return piece
        }
        return MailText.file(content, name: name, type: type)
    }

    /// The CRM's queues, and the one for the rest. What fails here fails for every message, so none of them is at fault.
    private func directory(_ client: KithClient) async throws -> (MailDirectory, rest: MailQueue) {
        do {
            guard let email = try await client.schema.standardEntity(named: "email"),
                email.attributeID("externalid") != nil
            else {
                throw MailServerFlaw(description: "the server's e-mails have no externalid, by which they are known")
            }
            let directory = try await MailDirectory(client, domains: options.domains)
            return (directory, try await queueForTheRest(client, directory))
        } catch let error where Self.isPermanent(error) {
            throw MailServerFlaw(description: "\(error)")
        }
    }

    private func queueForTheRest(_ client: KithClient, _ directory: MailDirectory) async throws -> MailQueue {
        if let queue = directory.queues.first(where: { $0.name == options.queueName }) { return queue }
        var transaction = Transaction(try await client.schema)
        try transaction.upsert("queue", key: "name", ["name": .text(options.queueName), "statecode": .option(0)])
        let reply = try await client.execute(transaction)
        guard let id = reply.operations.first?.ids.first else {
            throw ClientError.protocolViolation("no id of a queue")
        }
        return MailQueue(id: id, name: options.queueName, address: "", createsCases: false)
    }

    // MARK: The server

    private func connected() async throws -> KithClient {
        if let client { return client }
        let client = try await KithClient.connect(options.client)
        logger.notice("connected to the server")
        self.client = client
        return client
    }

    /// A second, or less when the task is cancelled. The client has its own, finer way to come back to a server.
    private func rest() async { try? await Task.sleep(for: .seconds(1)) }

    /// Whether saying it again would be answered the same. What is away, full or overloaded is not. Files are refused for what they
    /// are, and rarely because what was uploaded is gone: trying in full anew uploads it again.
    static func isPermanent(_ error: any Error) -> Bool {
        switch error {
        case let refusal as Refusal:
            switch refusal.code {
            case .overloaded, .diskFull, .halted, .requestExpired: false
            default: true
            }
        case let error as ClientError: if case .tooLarge = error { true } else { false }
        case is QueryError, is ContentError, is FileReferenceFlaw: true
        default: false
        }
    }
}
