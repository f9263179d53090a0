// TLS for conversations with a mail system.
//
// Guarantees: TLS 1.2 or newer; the certificate is of the host that was asked for, by name or by address, and signed by somebody who is
// trusted. There is no way to leave that out: who has a certificate of his own names it (`trustFile`).

import NIOCore
import NIOSSL
import NIOTLS

/// TLS cannot be used as it is wanted.
package struct SubmitEncryptionFlaw: Error, CustomStringConvertible {
    package let description: String
}

struct SubmitEncryption: Sendable {
    private let context: NIOSSLContext
    private let host: String

    init(host: String, trustFile: String?) throws(SubmitEncryptionFlaw) {
        self.host = host
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let trustFile { configuration.trustRoots = .file(trustFile) }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw SubmitEncryptionFlaw(
                description: "certificates cannot be used: \(trustFile ?? "the system's") (\(error))"
            )
        }
    }

    /// Encrypts what goes through a pipeline from here on.
    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        // An address is no name for SNI; the certificate is compared with the address then.
        let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name), position: .first)
    }

    /// Encrypts an open connection.
    func begin(_ context: ChannelHandlerContext) throws { try add(to: context.pipeline.syncOperations) }

    /// Whether an event says that the connection is encrypted.
    func hasBegun(_ event: Any) -> Bool {
        if case .handshakeCompleted? = event as? TLSUserEvent { true } else { false }
    }
}
