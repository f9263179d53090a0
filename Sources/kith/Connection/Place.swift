// What `--at` names.

import ArgumentParser
import Glibc

/// Where an organisation's data is: a directory that this process opens, or a server.
enum Place: ExpressibleByArgument, CustomStringConvertible, Sendable {
    case directory(String)
    case server(ServerAddress, organisation: String)

    /// A path, or `kith://host:port[/organisation]`. Nil for an address that is none.
    init?(argument: String) {
        guard argument.hasPrefix(Place.scheme) else {
            // Whatever looks like an address and is none must not become a directory's name.
            guard !argument.isEmpty, !argument.contains("://") else { return nil }
            self = .directory(argument)
            return
        }
        let parts = argument.dropFirst(Place.scheme.count)
            .split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let organisation = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : "main"
        guard let address = ServerAddress(argument: String(parts[0])), !organisation.contains("/") else { return nil }
        self = .server(address, organisation: organisation)
    }

    private static let scheme = "kith://"

    /// What to say behind "… does not exist": the folder that is missing around it, or the scheme of an address.
    static func hint(aboutMissing path: String) -> String {
        if !path.contains("/"), path.contains(":"), ServerAddress(argument: path) != nil {
            return "; a server's address is written \(scheme)\(path)"
        }
        guard let slash = path.dropLast(path.hasSuffix("/") ? 1 : 0).lastIndex(of: "/"), slash > path.startIndex else {
            return ""
        }
        let folder = String(path[..<slash])
        return access(folder, F_OK) == 0 ? "" : ", nor does the folder \(folder)"
    }

    var description: String {
        switch self {
        case .directory(let path): path
        case .server(let address, "main"): "kith://\(address)"
        case .server(let address, let organisation): "kith://\(address)/\(organisation)"
        }
    }
}

/// `host:port`, the host of an IPv6 address in brackets. Without a port it is Kith's own.
struct ServerAddress: ExpressibleByArgument, CustomStringConvertible, Sendable {
    static let standardPort = 7411
    static let standard = ServerAddress(host: "127.0.0.1", port: standardPort)

    var host: String
    var port: Int

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        var host = argument[...]
        var port = ServerAddress.standardPort
        if let colon = argument.lastIndex(of: ":"), argument[colon...].firstIndex(of: "]") == nil {
            guard let number = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(number) else {
                return nil
            }
            port = number
            host = argument[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
