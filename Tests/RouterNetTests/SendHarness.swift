import CRM
import Engine
import Kith
import Net
import Router
import RouterNet
import TestSupport
import Testing

/// A router that takes mail in and sends it to a mail system, in the time of the clock: the server's moments are of it as well.
func sending(_ server: Server, to system: TestMailSystem) -> RouterOptions {
    var options = options(server)
    options.now = RouterOptions(options.carrier) {}.now
    var send = SendOptions(
        submit: SubmitAddress(host: "127.0.0.1", port: system.port),
        SubmitSettings(hostName: "crm.example", tls: .never),
        domain: "crm.example"
    )
    send.keys = [Array(repeating: 7, count: 32)]
    options.carrier.deliveryTokens = DeliveryToken(keys: send.keys)
    options.carrier.rules.tokens = ReplyToken(keys: send.keys)
    (send.routerName, options.carrier.rules.routerName) = ("crm.example", "crm.example")
    send.limits.pollMilliseconds = 10
    send.limits.awayMillisecondsMin = 10
    send.limits.awayMillisecondsMax = 50
    options.send = send
    return options
}

/// Returns when something holds. Bounded by the test's own limit of time.
func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}

/// Returns when no e-mail waits to be sent or is being sent.
func settled(_ database: Database) async throws {
    try await until {
        try await database.rows("SELECT count(*) FROM email WHERE sendafter IS NOT NULL") == [[.integer(0)]]
    }
}

/// Whatever waits for a later attempt is due now.
func makeDue(_ database: Database) async throws {
    for row in try await database.rows("SELECT activityid FROM email WHERE sendafter IS NOT NULL") {
        guard let id = row[0].record else { continue }
        var transaction = Transaction(database.schema)
        try transaction.update(id, ["sendafter": .instant(0)])
        _ = try await database.execute(transaction)
    }
}

extension Value {
    var string: String { if case .text(let text) = self { text } else { "" } }
}
