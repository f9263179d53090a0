import ArgumentParser
import Glibc
import Logging
import Net
import Router
import RouterNet
import Snapshot

extension RouteCommand {
    struct ServeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "serve",
            abstract: "Take mail from mail systems into the CRM, and send what waits there.",
            discussion: """
                Listens for mail systems on loopback addresses or on a socket in the file system, keeps every message that it \
                acknowledges in the spool until the server has it, and waits for a server that is away. Stops cleanly at Ctrl-C and \
                SIGTERM; killed, it loses nothing. Run it under something that starts it again (docs/router.md has an example): a \
                message that stalls the parser ends the process, and is set aside the second time. Standard output gets one line for \
                each address that it listens on, when it is ready. With --submit, e-mails that wait in the CRM are sent.

                EXAMPLES
                  kith route serve --spool ./spool --lmtp 127.0.0.1:2400 --server 127.0.0.1:7411
                  kith route serve --spool /var/spool/kith --lmtp unix:/run/kith/lmtp --domain crm.example.org
                  kith route serve --spool ./spool --smtp 127.0.0.1:2525 --own example.org --queue Inbox
                  kith route serve --spool ./spool --submit smtp://127.0.0.1 --mail-domain crm.example
                """
        )

        @Option(help: ArgumentHelp("The directory of mail that waits; made when there is none.", valueName: "dir"))
        var spool: String

        @Option(help: ArgumentHelp("Where to listen for LMTP: loopback, or unix:PATH.", valueName: "host:port"))
        var lmtp: MailAddressOption?

        @Option(help: ArgumentHelp("Where to listen for SMTP: loopback, or unix:PATH.", valueName: "host:port"))
        var smtp: MailAddressOption?

        @Option(help: ArgumentHelp("The server.", valueName: "host:port"))
        var server = ServerAddress.standard

        @Option(help: "The organisation.")
        var organisation = "main"

        @Option(help: "A domain that mail is taken for; more than one may be given. Without it, any.")
        var domain: [String] = []

        @Option(
            help:
                "An address, or a domain, that is the CRM's own beside those of queues and users; more than one may be given."
        )
        var own: [String] = []

        @Option(
            help: ArgumentHelp(
                "An address to which journal reports, or messages forwarded as an attachment, come: the message inside is taken in instead; more than one may be given.",
                valueName: "address"
            )
        )
        var unwrap: [String] = []

        @Option(
            help: "A domain where anybody gets an address, beside those that are known; more than one may be given."
        )
        var freeMail: [String] = []

        @Option(help: "The queue for mail that came to no queue and belongs to nothing; made when there is none.")
        var queue = "Mail to sort"

        @Option(
            help: ArgumentHelp("What stands before the number of a case in subjects, such as CRM:", valueName: "prefix")
        )
        var subjectTag: String?

        @Option(help: "What it calls itself to mail systems.")
        var name = "localhost"

        @Option(help: ArgumentHelp("MiB of mail that the spool holds; more is refused for now.", valueName: "mib"))
        var spoolMebibytes: UInt64 = 4_096

        @Option(help: ArgumentHelp("Cases that the mail of one sender opens in an hour at most.", valueName: "count"))
        var senderCases = StormLimits().casesOfSender

        @OptionGroup(title: "Sending")
        var submission: SubmitOptions

        func validate() throws {
            guard lmtp != nil || smtp != nil || submission.submit != nil else {
                throw ValidationError("Where to listen? Give --lmtp, --smtp or both; or --submit to send only.")
            }
            guard 1...(1 << 30) ~= spoolMebibytes else {
                throw ValidationError("--spool-mebibytes must be between 1 and 2^30.")
            }
            guard 1...StormLimits().cases ~= senderCases else {
                throw ValidationError("--sender-cases must be between 1 and \(StormLimits().cases).")
            }
            guard !queue.isEmpty, queue.unicodeScalars.count <= 200 else {
                throw ValidationError("--queue must have 1 to 200 characters.")
            }
            guard !name.isEmpty, name.utf8.count <= 255, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ValidationError("--name must be ASCII without blanks.")
            }
        }

        func run() async throws {
            StopSignal.catchSignals()
            var logger = Logger(label: "kith.router") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .notice
            let options = try options()
            let storage = try FileStorage(path: spool, creating: true)
            let router: RouterService
            do {
                router = try await RouterService.start(storage, options, logger: logger)
            } catch ServerError.cannotListen(let reason) {
                throw CommandFailure(
                    .refused,
                    "cannot listen: choose other addresses with --lmtp and --smtp. (\(reason))"
                )
            } catch let flaw as SubmitEncryptionFlaw {
                throw CommandFailure(.refused, "\(flaw)")
            } catch StorageError.inUse {
                throw CommandFailure(.refused, "the spool \(spool) is in use: another router runs on it")
            }
            announce(router)
            await StopSignal.wait()
            StandardError.write("\nStopping: answering what has come.\n")
            await router.stop()
            let (count, bytes) = router.waiting
            StandardError.write("Stopped. \(count) messages (\(bytes) bytes) wait in \(spool).\n")
        }

        private func options() throws -> RouterOptions {
            var client = ClientOptions(
                host: server.host,
                port: server.port,
                organisation: organisation,
                name: "kith route"
            )
            client.giveUpAfterMilliseconds = 10_000
            var carrier = CarrierOptions(client: client)
            carrier.rules.subjectTagPrefix = subjectTag
            carrier.domains = MailDomains(freeMail: Set(freeMail))
            carrier.own = Set(own.map { $0.lowercased() })
            carrier.queueName = queue
            carrier.storms.casesOfSender = senderCases
            var options = RouterOptions(carrier) {
                StandardError.write(
                    "kith: reading a message has no end; the process ends, and counts it against the message\n"
                )
                // The thread in the parser cannot be ended otherwise.
                _exit(ExitStatus.refused.rawValue)
            }
            let unwrapped = Set(unwrap.map { $0.lowercased() })
            options.parse = { try $0.delivery(unwrapping: unwrapped) }
            options.spool.bytesMax = spoolMebibytes << 20
            options.hostName = name
            options.domains = domain.isEmpty ? nil : Set(domain)
            options.lmtp = lmtp?.address
            options.smtp = smtp?.address
            let keys = try submission.keys()
            options.carrier.rules.tokens = ReplyToken(keys: keys)
            options.carrier.rules.routerName = submission.mailDomain
            options.carrier.deliveryTokens = DeliveryToken(keys: keys)
            options.send = try submission.options(keys: keys, hostName: name)
            return options
        }

        private func announce(_ router: RouterService) {
            let listened = [("lmtp", lmtp), ("smtp", smtp)].compactMap { name, option in option.map { (name, $0) } }
            StandardError.write(
                "Taking mail into \(spool), \(router.waiting.count) messages wait; the server is \(server). Stop with Ctrl-C.\n"
            )
            for ((name, option), port) in zip(listened, router.ports) {
                StandardOutput.write("\(name)://\(option.shown(port: port))\n")
            }
            if let submit = submission.submit { StandardError.write("Sending by \(submit.shown).\n") }
            StandardOutput.flush()
        }
    }
}

/// `host:port` with both given, or `unix:PATH`.
struct MailAddressOption: ExpressibleByArgument, Sendable {
    let address: ListenAddress
    private let server: ServerAddress?

    init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = String(argument.dropFirst(5))
            // What a socket's address holds, with its end.
            guard !path.isEmpty, path.utf8.count < 108 else { return nil }
            address = .unix(path: path)
            server = nil
        } else {
            guard argument.contains(":"), let server = ServerAddress(argument: argument) else { return nil }
            address = .tcp(host: server.host, port: server.port)
            self.server = server
        }
    }

    /// As it is given to mail systems; the port is the real one.
    func shown(port: Int) -> String {
        guard case .unix(let path) = address else {
            var shown = server
            shown?.port = port
            return shown.map(\.description) ?? ""
        }
        return path
    }
}
