import ArgumentParser
import Engine
import Glibc
import Kith
import Logging
import Net

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a data directory over the network.",
        discussion: """
            Makes the directory when there is none, recovers it when there is one, and serves until Ctrl-C or SIGTERM, which \
            stop it cleanly: what was asked is answered, the log is sealed. Until there is authentication it listens on \
            loopback addresses only. Standard output gets one line, the address to connect to, when the server is ready; \
            port 0 lets the system choose one.

            EXAMPLES
              kith serve --data ./data --listen 127.0.0.1:7411
              kith serve --data /var/lib/kith --listen '[::1]:7411'
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("Where to listen: loopback only, port 0 to 65535.", valueName: "host:port"))
    var listen = ServerAddress.standard

    // For tests, which start servers by the dozen: a start writes zeros for two segments.
    @Option(help: .hidden)
    var segmentKibibytes = 64 << 10

    func validate() throws {
        guard (64...1 << 20).contains(segmentKibibytes) else {
            throw ValidationError("--segment-kibibytes must be between 64 and 1048576.")
        }
    }

    func run() async throws {
        StopSignal.catchSignals()
        var options = DatabaseOptions()
        options.directory.segmentBytes = segmentKibibytes << 10
        let logger = ServeCommand.logger
        options.snapshotFailed = { failure in
            logger.error(
                "a snapshot failed, the log is kept and grows",
                metadata: ["reason": "\(failure.reason)", "nextAttemptLogBytes": "\(failure.nextAttemptLogBytes)"]
            )
        }
        let database = try Database.open(data, options: options)
        do {
            let server = try await Server.start(
                database,
                host: listen.host,
                port: listen.port,
                logger: logger
            )
            announce(server, database)
            await StopSignal.wait()
            StandardError.write("\nStopping: answering what was asked, sealing the log.\n")
            await server.stop()
        } catch {
            // The first failure is the one to report.
            try? database.close()
            guard case ServerError.cannotListen(let reason) = error else { throw error }
            throw CommandFailure(
                .refused,
                "cannot listen on \(listen): stop what listens there, or choose another port with --listen. (\(reason))"
            )
        }
        try database.close()
        StandardError.write("Stopped. The data is in \(data).\n")
    }

    /// To standard error. What the command itself says is not logged once more.
    private static var logger: Logger {
        var logger = Logger(label: "kith.server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        return logger
    }

    private func announce(_ server: Server, _ database: Database) {
        let recovery = database.recovery
        for damage in recovery.damagedSnapshots {
            StandardError.write("A damaged snapshot was left out, and nothing was lost by it: \(damage)\n")
        }
        var address = listen
        address.port = server.port
        let at = "kith://\(address)"
        StandardError.write(
            """
            Serving \(data) at position \(recovery.lastPosition). Stop with Ctrl-C.

              kith query --at \(at) 'SELECT name FROM account LIMIT 10'
              kith status --at \(at)


            """
        )
        StandardOutput.write(at + "\n")
        StandardOutput.flush()
    }
}
