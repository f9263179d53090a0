import ArgumentParser
import Engine
import Glibc
import Kith
import Logging
import Net
import Snapshot

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a data directory over the network.",
        discussion: """
            Makes the directory when there is none, recovers it when there is one, and serves until Ctrl-C or SIGTERM, which \
            stop it cleanly: what was asked is answered, the log is sealed. Until there is authentication it listens on \
            loopback addresses only. Standard output gets one line, the address to connect to, when the server is ready; \
            port 0 lets the system choose one. Standard error gets a line for what a person on duty should know.

            EXAMPLES
              kith serve --data ./data --listen 127.0.0.1:7411
              kith serve --data /var/lib/kith --listen '[::1]:7411'
              kith serve --data ./data --metrics 127.0.0.1:9411
              kith serve --data ./data --keep-history 400
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data: String

    @Option(help: ArgumentHelp("Where to listen: loopback only, port 0 to 65535.", valueName: "host:port"))
    var listen = ServerAddress.standard

    @Option(
        help: ArgumentHelp(
            "Where to answer Prometheus, at /metrics: loopback only. Without it, nowhere.",
            valueName: "host:port"
        )
    )
    var metrics: ServerAddress?

    @Option(
        help: ArgumentHelp(
            "MiB a second at which snapshots, log and files are read again to find bits that rotted; 0: never.",
            valueName: "mib"
        )
    )
    var scrubRate: UInt64 = 8

    @Option(
        help: ArgumentHelp(
            "Days for which records can be seen as they were; 0: none. Without it as it was set last.",
            valueName: "days"
        )
    )
    var keepHistory: Int64?

    // For tests, which start servers by the dozen: a start writes zeros for two segments.
    @Option(help: .hidden)
    var segmentKibibytes = 64 << 10

    func validate() throws {
        guard (64...1 << 20).contains(segmentKibibytes) else {
            throw ValidationError("--segment-kibibytes must be between 64 and 1048576.")
        }
        let daysMax = HistorySetting.secondsMax / 86_400
        guard keepHistory.map({ 0...daysMax ~= $0 }) ?? true else {
            throw ValidationError("--keep-history must be between 0 and \(daysMax) days.")
        }
        guard scrubRate <= 1 << 20 else { throw ValidationError("--scrub-rate must be between 0 and 1048576.") }
    }

    func run() async throws {
        StopSignal.catchSignals()
        DescriptorLimit.raise()
        var options = DatabaseOptions()
        options.directory.segmentBytes = segmentKibibytes << 10
        options.keptHistorySeconds = keepHistory.map { $0 * 86_400 }
        let logger = ServeCommand.logger
        options.snapshotFailed = { failure in
            logger.error(
                "a snapshot failed, the log is kept and grows",
                metadata: ["reason": "\(failure.reason)", "nextAttemptLogBytes": "\(failure.nextAttemptLogBytes)"]
            )
        }
        options.scrubBytesPerSecond = scrubRate << 20
        options.damageFound = { damage in
            logger.critical(
                "the scrub found damage",
                metadata: [
                    "file": "\(damage.file)", "offset": "\(damage.offset)", "what": "\(damage.what)",
                    "consequence": "\(damage.consequence)",
                ]
            )
        }
        options.snapshotTaken = { snapshot in
            logger.notice(
                "a snapshot is on the disk",
                metadata: ["position": "\(snapshot.position)", "bytes": "\(snapshot.fileBytes)"]
            )
        }
        let database = try Database.open(data, options: options)
        ServeCommand.log(database.recovery, to: logger)
        do {
            let server = try await Server.start(
                database,
                host: listen.host,
                port: listen.port,
                logger: logger
            )
            let metricsServer = try await startMetrics(of: server)
            announce(server, database)
            await StopSignal.wait()
            StandardError.write("\nStopping: answering what was asked, sealing the log.\n")
            await metricsServer?.stop()
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

    private func startMetrics(of server: Server) async throws -> MetricsServer? {
        guard let metrics else { return nil }
        do throws(ServerError) {
            let metricsServer = try await MetricsServer.start(server, host: metrics.host, port: metrics.port)
            var address = metrics
            address.port = metricsServer.port
            StandardError.write("Metrics: http://\(address)/metrics\n")
            return metricsServer
        } catch {
            await server.stop()
            guard case .cannotListen(let reason) = error else { throw error }
            throw CommandFailure(
                .refused,
                "cannot listen on \(metrics): choose another address with --metrics. (\(reason))"
            )
        }
    }

    private static func log(_ recovery: RecoveryReport, to logger: Logger) {
        for damage in recovery.damagedSnapshots {
            logger.error(
                "a damaged snapshot was left out",
                metadata: ["file": "\(damage.file)", "offset": "\(damage.offset)", "what": "\(damage.what)"]
            )
        }
        if let tail = recovery.tornTail {
            logger.warning(
                "a torn tail was cut",
                metadata: ["file": "\(tail.file)", "offset": "\(tail.offset)", "position": "\(tail.position)"]
            )
        }
        logger.notice(
            "recovered",
            metadata: [
                "epoch": "\(recovery.epoch)", "position": "\(recovery.lastPosition)",
                "snapshot": "\(recovery.snapshot?.position ?? 0)", "replayedEntries": "\(recovery.replayedEntries)",
                "replayedBytes": "\(recovery.replayedBytes)", "rewrittenEntries": "\(recovery.rewrittenEntries)",
            ]
        )
    }

    private func announce(_ server: Server, _ database: Database) {
        let recovery = database.recovery
        for name in database.status.replacedEntities {
            StandardError.write(
                "The standard's entity '\(name)' is not here: the organisation has one of its own under this name.\n"
            )
        }
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
