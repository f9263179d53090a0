import Foundation
import Synchronization

/// A mail system on loopback that takes what is submitted, or says what a test wants it to say.
package final class TestMailSystem: Sendable {
    package struct Mail: Sendable {
        package var sender: String
        package var recipients: [String]
        package var text: String

        /// The first line of a field, without its name.
        package func field(_ name: String) -> String? {
            let head = text.components(separatedBy: "\r\n\r\n").first ?? ""
            let lines = head.replacingOccurrences(of: "\r\n ", with: " ").components(separatedBy: "\r\n")
            return lines.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    /// What it says; empty: it hangs up.
    package struct Answers: Sendable {
        /// Told how many conversations there are, with this one.
        package var greeting: @Sendable (Int) -> String = { _ in "220 mail.test ESMTP" }
        /// Empty: it says nothing, and does not hang up.
        package var quit = "221 2.0.0 Bye"
        package var sender: @Sendable (String) -> String = { _ in "250 2.1.0 Ok" }
        package var extensions = ["PIPELINING", "8BITMIME", "SIZE 10000000"]
        package var recipient: @Sendable (String) -> String = { _ in "250 2.1.5 Ok" }
        /// Told the message and how many came before it.
        package var end: @Sendable (Mail, Int) -> String = { _, _ in "250 2.0.0 Queued" }

        package init() {}
    }

    package let port: Int
    private let descriptor: Int32
    private let answers: Mutex<Answers>
    private let taken = Mutex<[Mail]>([])
    private let ended = Mutex(0)
    private let open = Mutex(0)

    package init(port: Int = 0, _ answers: Answers = Answers()) throws {
        self.answers = Mutex(answers)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard result else { throw CocoaError(.fileNoSuchFile) }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [self] in
                    serve(connection)
                    close(connection)
                }
            }
        }
    }

    /// Listens no more.
    package func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Says something else from here on.
    package func answer(_ change: (inout Answers) -> Void) { answers.withLock { change(&$0) } }

    /// What it said 250 to, in order.
    package var mails: [Mail] { taken.withLock { $0 } }

    /// How often the end of a message came, whatever it said then.
    package var endCount: Int { ended.withLock { $0 } }

    private func serve(_ connection: Int32) {
        var input: [UInt8] = []
        func line() -> String? {
            while true {
                if let end = input.firstIndex(of: 10) {
                    let line = String(decoding: input[..<end], as: UTF8.self)
                    input.removeFirst(end + 1)
                    return line.hasSuffix("\r") ? String(line.dropLast()) : line
                }
                var piece = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &piece, piece.count, 0)
                guard count > 0 else { return nil }
                input += piece[..<count]
            }
        }
        func say(_ text: String) -> Bool {
            guard !text.isEmpty else { return false }
            let bytes = Array((text + "\r\n").utf8)
            return send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }
        let count = open.withLock { count in
            count += 1
            return count
        }
        defer { open.withLock { $0 -= 1 } }
        guard say(answers.withLock { $0.greeting }(count)) else { return }
        var mail = Mail(sender: "", recipients: [], text: "")
        while let command = line() {
            let answers = answers.withLock { $0 }
            let words = command.split(separator: " ").map(String.init)
            switch words.first?.uppercased() ?? "" {
            case "EHLO":
                let lines = ["mail.test"] + answers.extensions
                let text = lines.enumerated().map { "250\($0 == lines.count - 1 ? " " : "-")\($1)" }
                guard say(text.joined(separator: "\r\n")) else { return }
            case "MAIL":
                mail = Mail(sender: Self.path(command), recipients: [], text: "")
                guard say(answers.sender(mail.sender)) else { return }
            case "RCPT":
                let reply = answers.recipient(Self.path(command))
                if reply.hasPrefix("2") { mail.recipients.append(Self.path(command)) }
                guard say(reply) else { return }
            case "DATA":
                guard !mail.recipients.isEmpty else {
                    guard say("503 5.5.1 no recipients") else { return }
                    continue
                }
                guard say("354 go on") else { return }
                var lines: [String] = []
                while let text = line(), text != "." {
                    lines.append(text.hasPrefix(".") ? String(text.dropFirst()) : text)
                }
                mail.text = lines.joined(separator: "\r\n") + "\r\n"
                let before = ended.withLock { count in
                    defer { count += 1 }
                    return count
                }
                let reply = answers.end(mail, before)
                if reply.hasPrefix("2") { taken.withLock { $0.append(mail) } }
                guard say(reply) else { return }
            case "RSET": guard say("250 2.0.0 Ok") else { return }
            case "QUIT" where answers.quit.isEmpty: break
            case "QUIT":
                _ = say(answers.quit)
                return
            default: guard say("502 5.5.2 what") else { return }
            }
        }
    }

    private static func path(_ command: String) -> String {
        guard let start = command.firstIndex(of: "<"), let end = command.firstIndex(of: ">") else { return "" }
        return String(command[command.index(after: start)..<end])
    }
}
