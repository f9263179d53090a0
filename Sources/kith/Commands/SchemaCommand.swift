// The schema as a file that a team keeps: shown, compared, applied, written out.

import ArgumentParser
import Engine
import Glibc
import Kith
import SchemaFile

struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Show and change entities, attributes, option sets, keys, life cycles and views.",
        discussion: """
            A YAML file says how entities shall be; what it does not mention stays as it is, and nothing is deleted that \
            does not say 'delete: yes' (or 'delete: with data'). The language is described in docs/metadata.md.

            EXAMPLES
              kith schema show --at ./data
              kith schema show --at ./data account
              kith schema export --at ./data account > account.yaml
              kith schema diff --at kith://127.0.0.1:7411 crm.yaml
              kith schema apply --at kith://127.0.0.1:7411 crm.yaml
            """,
        subcommands: [Show.self, Diff.self, Apply.self, Export.self]
    )
}

extension SchemaCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the entities, or one entity's attributes.",
            discussion: """
                EXAMPLES
                  kith schema show --at ./data
                  kith schema show --at ./data --format csv opportunity
                """
        )

        @OptionGroup var at: AtOption

        @Option(help: "table (for people), json, csv or ndjson (one JSON object a line).")
        var format = RowFormat.table

        @Argument(help: "An entity's logical name.")
        var entity: String?

        func run() async throws {
            let schema = try await at.place.withConnection { try await $0.session.schema }
            let document = SchemaDocument(schema, entities: try entity.map { [try known($0, schema).name] })
            var writer = RowWriter(format)
            let titles =
                entity == nil
                ? ["entity", "label", "owner", "primary", "attributes", "keys", "indexes"]
                : ["attribute", "type", "label", "required", "ordered", "default"]
            writer.begin(titles.map { RowColumn(name: $0, type: .text(.general)) }, schema)
            if entity == nil {
                for entity in document.entities { writer.append(Show.row(entity)) }
            } else {
                for attribute in document.entities.flatMap(\.attributes) { writer.append(Show.row(attribute)) }
            }
            writer.end()
        }

        private static func row(_ entity: EntityDeclaration) -> [Value] {
            cells(
                entity.name,
                entity.label,
                entity.ownership == .user ? "user" : "organisation",
                entity.primaryName,
                "\(entity.attributes.count)",
                entity.keys.map(\.name).joined(separator: ", "),
                entity.indexes.map { "\($0.name) (\($0.attributes.joined(separator: ", ")))" }.joined(separator: ", ")
            )
        }

        private static func row(_ attribute: AttributeDeclaration) -> [Value] {
            var type = attribute.form ?? ""
            for (parameter, texts) in attribute.parameters.sorted(by: { $0.key < $1.key }) {
                type += ", \(parameter) \(texts.joined(separator: " or "))"
            }
            if !attribute.options.isEmpty {
                type += ": " + attribute.options.map { "\($0.value) \($0.label ?? "")" }.joined(separator: ", ")
            }
            let word = { (flag: Bool?) in flag == true ? "yes" : nil }
            return cells(
                attribute.name,
                type,
                attribute.label,
                word(attribute.isRequired),
                word(attribute.isOrdered),
                attribute.defaultText
            )
        }

        private static func cells(_ texts: String?...) -> [Value] {
            texts.map { text in text.flatMap { $0.isEmpty ? nil : Value.text($0) } ?? Value.null }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the schema, or some entities, as a YAML file.",
            discussion: """
                Standard entities are written in the same form as your own. 'apply' of what was exported changes nothing.

                EXAMPLES
                  kith schema export --at ./data > crm.yaml
                  kith schema export --at ./data project projectcontact > projects.yaml
                """
        )

        @OptionGroup var at: AtOption

        @Argument(help: "Logical names of entities; all where none is named.")
        var entities: [String] = []

        func run() async throws {
            let schema = try await at.place.withConnection { try await $0.session.schema }
            var names: Set<String>?
            for entity in entities { names = (names ?? []).union([try known(entity, schema).name]) }
            StandardOutput.write(SchemaDocument(schema, entities: names).yaml)
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what 'apply' would change, and what would be refused.",
            discussion: """
                Ends with 0 when the schema says all of it already, 1 when 'apply' would change something, 2 when the file \
                cannot be read, and 4 when something would be refused: then each reason stands on standard error, with the \
                file's line and column.

                EXAMPLES
                  kith schema diff --at ./data crm.yaml
                """
        )

        @OptionGroup var at: AtOption
        @OptionGroup var file: SchemaFileArgument

        func run() async throws {
            let reply = try await file.change(at.place, checkOnly: true)
            file.show(reply)
            if !reply.problems.isEmpty { throw CommandFailure(.refused, file.refusal(reply)) }
            if !reply.differences.isEmpty { throw CommandFailure(.incomplete, "") }
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the schema say what a file says, in one transaction.",
            discussion: """
                Prints what changed. Ends with 0 also when there was nothing to change, 2 when the file cannot be read, and \
                4 when something is refused: then nothing has changed, and each reason stands on standard error.

                EXAMPLES
                  kith schema apply --at ./data crm.yaml
                """
        )

        @OptionGroup var at: AtOption
        @OptionGroup var file: SchemaFileArgument

        func run() async throws {
            let reply = try await file.change(at.place, checkOnly: false)
            guard reply.problems.isEmpty else { throw CommandFailure(.refused, file.refusal(reply)) }
            file.show(reply)
        }
    }
}

/// The entity with this name; a mistyped one is answered with the nearest.
private func known(_ name: String, _ schema: Schema) throws(CommandFailure) -> Entity {
    if let entity = schema.entity(named: name) { return entity }
    let near = nearestName(to: name, among: schema.entities.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
    throw CommandFailure(.usage, "there is no entity '\(name)'\(near)")
}

/// The file of `diff` and `apply`.
struct SchemaFileArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The YAML file; - for standard input.", valueName: "file"))
    var path: String

    /// Reads the file and hands it over.
    func change(_ place: Place, checkOnly: Bool) async throws -> SchemaReply {
        let document: SchemaDocument
        let text = try text()
        do throws(SchemaFileError) {
            document = try SchemaDocument(yaml: text)
        } catch {
            throw CommandFailure(.usage, "\(path):\(error.line == 0 ? " " : "")\(error)")
        }
        return try await place.withConnection { try await $0.session.change(document, checkOnly: checkOnly) }
    }

    func show(_ reply: SchemaReply) {
        for difference in reply.differences {
            StandardOutput.write("\(difference.subject): \(difference.change)\n")
        }
    }

    /// All reasons, one a line.
    func refusal(_ reply: SchemaReply) -> String {
        let lines = reply.problems.map { problem in
            let place = problem.place.line == 0 ? "" : ":\(problem.place.line):\(problem.place.column)"
            return "\(path)\(place): \(problem.description)"
        }
        return "refused, nothing was changed:\n" + lines.joined(separator: "\n")
    }

    /// What a file may have at most, and one byte more, so that a longer one is noticed.
    private static let bytesMax = 4 << 20 | 1

    private func text() throws(CommandFailure) -> String {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY)
        guard descriptor >= 0 else { throw CommandFailure(.usage, "\(path): \(String(cString: strerror(errno)))") }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < SchemaFileArgument.bytesMax {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandFailure(.usage, "\(path): \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes.append(contentsOf: piece[..<count])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(path): it is not UTF-8 text")
        }
        return text
    }
}
