import ArgumentParser
import Router

struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Bring mail into the CRM, or explain what would become of a message.",
        discussion: """
            EXAMPLES
              kith route serve --spool ./spool --lmtp 127.0.0.1:2400 --server 127.0.0.1:7411
              kith route explain message.eml
              kith route explain --seen ./archive --own support@example.org message.eml
              kith route replay --own support@example.org ./archive
            """,
        subcommands: [ServeCommand.self, ExplainCommand.self, ReplayCommand.self]
    )
}

extension RouteCommand {
    struct ExplainCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Print what a message is, where it belongs, and why.",
            discussion: """
                Changes nothing and asks no server. With --seen the messages of a folder, in the order of their dates, are what \
                the CRM knows; each begins a thread or joins one. docs/router.md lists the steps and their reasons.

                EXAMPLES
                  kith route explain message.eml
                  kith route explain --seen ./archive message.eml
                  kith route explain --own support@example.org --format json message.eml
                """
        )

        enum Format: String, CaseIterable, ExpressibleByArgument {
            case text, json
        }

        @Option(help: "A folder of messages, or an mbox file, that the CRM has seen.")
        var seen: String?

        @Option(help: "An address, or a domain, that is the CRM's own; more than one may be given.")
        var own: [String] = []

        @Option(help: "Whom the message was delivered to; more than one may be given.")
        var recipient: [String] = []

        @Option(help: "text (for people) or json.")
        var format = Format.text

        @Argument(help: "A message as it was received: a file with head and body.")
        var file: String

        func run() async throws {
            let delivery = try MailArchive.mail(file).delivery(recipients: recipient)
            var archive = MailArchive(own: own)
            if let seen { _ = archive.take(try MailArchive.mails(at: seen)) }
            let decision = MailRouter().decide(delivery, knowing: archive.knowledge)
            let explanation = MailExplanation(delivery: delivery, decision: decision, names: archive.names)
            StandardOutput.write(format == .json ? explanation.json + "\n" : explanation.text)
        }
    }
}
