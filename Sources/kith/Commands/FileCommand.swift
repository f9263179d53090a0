// Files of records: stored, fetched, taken away. Contents are streamed, a mebibyte at a time.

import ArgumentParser
import Engine
import Glibc
import Kith
import Snapshot

struct FileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Store, fetch and remove files of records.",
        discussion: """
            An attribute of type file holds a file's name, length, content type and the SHA-256 of its content; the content \
            lies in the data directory, once however many records have it.

            EXAMPLES
              kith file put --at ./data account/1N logo ./x.png --type image/png
              kith file get --at ./data account/1N logo ./logo.png
              kith file get --at kith://localhost account/1N logo - > logo.png
              kith file remove --at ./data account/1N logo
              kith query --at ./data 'SELECT name, logo, logosize FROM account'
            """,
        subcommands: [Put.self, Get.self, Remove.self]
    )
}

/// A record and one of its file attributes.
struct FilePlace: ParsableArguments {
    @OptionGroup var at: AtOption

    @Argument(help: "Entity and code of the record, such as account/7K3M.")
    var record: String

    @Argument(help: "Logical name of the file attribute.")
    var attribute: String

    /// The record's id, after a look at whether there is such an attribute.
    func id(in schema: Schema) throws(CommandFailure) -> RecordID {
        guard let id = schema.recordID(record), let entity = schema.entity(id.entity) else {
            throw CommandFailure(.usage, "'\(record)' is no record: \(GetCommand.reason(record, schema))")
        }
        guard let found = entity.attributeID(attribute), entity[found].type.isFile else {
            let known = entity.attributes.filter(\.type.isFile).map(\.name)
            let list = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
            throw CommandFailure(.usage, "'\(attribute)' is no file attribute of \(entity.name); \(list)")
        }
        return id
    }
}

extension FileCommand {
    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a record a file.",
            discussion: """
                EXAMPLES
                  kith file put --at ./data account/1N logo ./x.png --type image/png
                  kith file put --at ./data account/1N scan ./1.pdf --name 'Offer 7.pdf'
                """
        )

        @OptionGroup var place: FilePlace

        @Argument(help: "The file to store.")
        var path: String

        @Option(help: ArgumentHelp("Its content type, such as application/pdf.", valueName: "type"))
        var type = FileReference.unknownContentType

        @Option(help: "What it is called in Kith; its own name where nothing is said.")
        var name: String?

        func run() async throws {
            let source = try LocalFile(reading: path)
            let name = name ?? String(path.split(separator: "/").last ?? "")
            let (place, type) = (place, type)
            let file = try await place.at.place.withConnection { connection in
                let session = connection.session
                let record = try place.id(in: try await session.schema)
                let progress = Progress("Storing")
                defer { progress.finish() }
                // Whatever is wrong with the name shows before anything is sent.
                let unknown = ContentHash([UInt8](repeating: UInt8(ascii: "0"), count: 2 * ContentHash.byteCount))
                if let unknown {
                    let content = FileContent(hash: unknown, lengthBytes: source.lengthBytes)
                    _ = try FileReference(content, name: name, contentType: type)
                }
                let content = try await session.upload(lengthBytes: source.lengthBytes) {
                    progress.show(source.fraction, name)
                    return try source.next()
                }
                let file = try FileReference(content, name: name, contentType: type)
                try await session.setFile(file, of: record, place.attribute)
                return file
            }
            StandardError.write("Stored \(file.name): \(file.content.lengthBytes) bytes, \(file.content.hash).\n")
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a record's file.",
            discussion: """
                The bytes are proved by their SHA-256. An existing file is not overwritten.

                EXAMPLES
                  kith file get --at ./data account/1N logo
                  kith file get --at ./data account/1N logo /tmp/logo.png
                  kith file get --at kith://localhost account/1N logo - > logo.png
                """
        )

        @OptionGroup var place: FilePlace

        @Argument(help: "Where to write it; - is standard output. Without, its own name in the present folder.")
        var path: String?

        func run() async throws {
            let (place, path) = (place, path)
            try await place.at.place.withConnection { connection in
                let session = connection.session
                let record = try place.id(in: try await session.schema)
                guard let file = try await session.file(of: record, place.attribute) else {
                    throw CommandFailure(.refused, "\(place.record) has no file in '\(place.attribute)'")
                }
                if path == "-" {
                    return try await session.download(record, place.attribute, file) { StandardOutput.write($0) }
                }
                let target = try LocalFile(creating: path ?? file.name)
                do {
                    try await session.download(record, place.attribute, file) { try target.append($0) }
                    try target.close()
                } catch {
                    target.discard()
                    throw error
                }
                StandardError.write("Fetched \(target.path): \(file.content.lengthBytes) bytes.\n")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a record's file away.",
            discussion: """
                The content goes with a later snapshot, when nothing refers to it any more.

                EXAMPLES
                  kith file remove --at ./data account/1N logo
                """
        )

        @OptionGroup var place: FilePlace

        func run() async throws {
            let place = place
            try await place.at.place.withConnection { connection in
                let record = try place.id(in: try await connection.session.schema)
                try await connection.session.setFile(nil, of: record, place.attribute)
            }
        }
    }
}

/// A file of the user's, read or written piece by piece.
private final class LocalFile {
    let path: String
    private(set) var lengthBytes: Int64 = 0
    private var doneBytes: Int64 = 0
    private var descriptor: Int32

    init(reading path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw LocalFile.failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.usage, "\(path) is no file")
        }
        lengthBytes = Int64(status.st_size)
    }

    init(creating path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw LocalFile.failure("create", path) }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// 0…1.
    var fraction: Double { lengthBytes == 0 ? 1 : Double(doneBytes) / Double(lengthBytes) }

    /// The next piece; an empty one at the end.
    func next() throws(CommandFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: FilePieces.bytes)
        while true {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LocalFile.failure("read", path) }
            bytes.removeLast(bytes.count - count)
            doneBytes += Int64(count)
            return bytes
        }
    }

    func append(_ bytes: [UInt8]) throws(CommandFailure) {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + start }, buffer.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw LocalFile.failure("write", path) }
            start += count
        }
    }

    func close() throws(CommandFailure) {
        let result = Glibc.close(descriptor)
        descriptor = -1
        guard result == 0 else { throw LocalFile.failure("write", path) }
    }

    /// Takes away what was written.
    func discard() { unlink(path) }

    private static func failure(_ verb: String, _ path: String) -> CommandFailure {
        CommandFailure(.usage, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
