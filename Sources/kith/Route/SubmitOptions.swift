import ArgumentParser
import Foundation
import Router
import RouterNet

/// How `kith route serve` sends mail.
struct SubmitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The mail system that takes what leaves: smtp://HOST:PORT, or smtps:// for TLS from the first byte.",
            valueName: "url"
        )
    )
    var submit: SubmitURL?

    @Option(
        help: ArgumentHelp(
            "Whether smtp:// goes on in TLS: required, offered (if it is) or never. On loopback never, else required.",
            valueName: "when"
        )
    )
    var submitTls: SubmitWhen?

    @Option(
        help: ArgumentHelp("A file of certificates that are trusted instead of the system's.", valueName: "file")
    )
    var submitTrust: String?

    @Option(
        help: ArgumentHelp(
            "How it logs in: plain, login or xoauth2; the first of plain and login that is offered.",
            valueName: "method"
        )
    )
    var submitLogin: SubmitMethod?

    @Option(help: ArgumentHelp("As whom it logs in; it does not, where nobody is given.", valueName: "name"))
    var submitUser: String?

    @Option(help: ArgumentHelp("The file with the password or token, in its first line.", valueName: "file"))
    var submitSecret: String?

    @Option(
        help: ArgumentHelp(
            "The domain of Message-IDs and of the addresses that answers and reports come to; needed with --submit.",
            valueName: "domain"
        )
    )
    var mailDomain: String?

    @Option(
        help: ArgumentHelp(
            "A file of keys that sign these addresses: 64 hexadecimal digits a line, the first signs, all are known.",
            valueName: "file"
        )
    )
    var tokenKeys: String?

    func validate() throws {
        guard submit == nil || mailDomain != nil else {
            throw ValidationError("--submit needs --mail-domain.")
        }
        guard submit != nil || (submitTls == nil && submitTrust == nil && submitUser == nil && submitSecret == nil)
        else { throw ValidationError("The options of --submit need --submit.") }
        guard (submitUser == nil) == (submitSecret == nil) else {
            throw ValidationError("--submit-user and --submit-secret belong together.")
        }
        guard submitLogin == nil || submitUser != nil else {
            throw ValidationError("--submit-login needs --submit-user.")
        }
        guard mailDomain.map(Self.isDomain) ?? true else {
            throw ValidationError("--mail-domain is a domain in ASCII, like crm.example.org or xn--mnchen-3ya.example.")
        }
        guard submit.map({ $0.address.host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }) ?? true else {
            throw ValidationError("--submit names a host in ASCII.")
        }
    }

    /// Whether it can stand in addresses and Message-IDs as it is.
    private static func isDomain(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 200
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
    }

    /// The keys; none without a file.
    func keys() throws -> [[UInt8]] {
        guard let tokenKeys else { return [] }
        let lines = try text(tokenKeys).split(whereSeparator: \.isNewline).map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty }
        let keys = lines.compactMap { line -> [UInt8]? in
            let digits = line.compactMap(\.hexDigitValue)
            guard digits.count == 64, line.count == 64 else { return nil }
            return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }
        guard !keys.isEmpty, keys.count == lines.count else {
            throw CommandFailure(.usage, "\(tokenKeys): a key is 64 hexadecimal digits in a line of its own")
        }
        return keys
    }

    /// The first line of a file.
    func secret() throws -> String {
        guard let submitSecret else { return "" }
        guard let line = try text(submitSecret).split(whereSeparator: \.isNewline).first, !line.isEmpty else {
            throw CommandFailure(.usage, "\(submitSecret): there is nothing in it")
        }
        return String(line)
    }

    /// How mail leaves; nil where it does not.
    func options(keys: [[UInt8]], hostName: String) throws -> SendOptions? {
        guard let submit, let mailDomain else { return nil }
        let isLocal = ["127.0.0.1", "::1", "localhost"].contains(submit.address.host)
        let tls: SubmitTLS =
            switch submitTls ?? (isLocal ? .never : .required) {
            case _ where submit.isTLSFromTheFirst: .fromStart
            case .required: .required
            case .offered: .ifOffered
            case .never: .never
            }
        var settings = SubmitSettings(hostName: hostName, tls: tls)
        if let submitUser {
            settings.credentials = SubmitCredentials(
                user: submitUser,
                secret: try secret(),
                mechanism: submitLogin?.mechanism
            )
        }
        settings.allowsClearCredentials = isLocal
        var options = SendOptions(submit: submit.address, settings, domain: mailDomain)
        (options.keys, options.routerName, options.trustFile) = (keys, mailDomain, submitTrust)
        return options
    }

    private func text(_ path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandFailure(.usage, "\(path): cannot be read")
        }
        return text
    }
}

/// `smtp://HOST:PORT` or `smtps://HOST:PORT`; the ports are 587 and 465 where none is given.
struct SubmitURL: ExpressibleByArgument, Sendable {
    let address: SubmitAddress
    let isTLSFromTheFirst: Bool

    var shown: String {
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        return "\(isTLSFromTheFirst ? "smtps" : "smtp")://\(host):\(address.port)"
    }

    init?(argument: String) {
        let parts = argument.components(separatedBy: "://")
        guard parts.count == 2, ["smtp", "smtps"].contains(parts[0]) else { return nil }
        isTLSFromTheFirst = parts[0] == "smtps"
        let host = parts[1]
        let text = host.hasSuffix("]") || !host.contains(":") ? "\(host):\(isTLSFromTheFirst ? 465 : 587)" : host
        guard let server = ServerAddress(argument: text), !server.host.isEmpty else { return nil }
        address = SubmitAddress(host: server.host, port: server.port)
    }
}

enum SubmitWhen: String, ExpressibleByArgument, CaseIterable, Sendable {
    case required, offered, never
}

enum SubmitMethod: String, ExpressibleByArgument, CaseIterable, Sendable {
    case plain, login, xoauth2

    var mechanism: SubmitCredentials.Mechanism {
        switch self {
        case .plain: .plain
        case .login: .login
        case .xoauth2: .xoauth2
        }
    }
}
