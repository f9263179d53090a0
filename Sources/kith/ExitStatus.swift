// What can end a command early, as a status for scripts and one message for people: what happened, where, what to do.

import Demo
import Engine
import Glibc
import Import
import Kith
import Net
import Snapshot

/// How a command ended. The numbers never change.
enum ExitStatus: Int32 {
    /// Everything was done.
    case done = 0
    /// Not everything is as it was asked for: rows were rejected, or a schema is different.
    case incomplete = 1
    /// The command cannot be carried out as it was written.
    case usage = 2
    /// The data directory is not what was written.
    case damaged = 3
    /// The database was not reached, is in use, or refused.
    case refused = 4
}

/// The end of a command.
struct CommandFailure: Error {
    var status: ExitStatus
    /// Without "kith: "; empty where everything has been said.
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// Nil for errors of the argument parser, which have messages of their own.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as DatabaseError: self.init(error)
        case let error as PastError: self.init(.refused, "\(error)")
        case let error as DirectoryError: self.init(DatabaseError.directory(error))
        case let error as StorageError: self.init(DatabaseError.directory(.storage(error)))
        case let error as QueryError: self.init(error)
        case let error as ContentError: self.init(.refused, "\(error)")
        case let error as FileReferenceFlaw: self.init(.usage, "\(error)")
        case let refusal as Refusal: self.init(.refused, "refused: \(refusal)")
        case let error as ImportError: self.init(error.code == .session ? .refused : .usage, error.message)
        case let error as YearError: self.init(.refused, "\(error)")
        case let error as ServerError: self.init(.refused, "\(error)")
        case let error as ClientError: self.init(.refused, "\(error)")
        default: return nil
        }
    }

    private init(_ error: DatabaseError) {
        switch error {
        case .directory(.damaged), .directory(.entryRejected), .directory(.blockRejected), .damaged:
            self.init(
                .damaged,
                """
                \(error)
                Nothing was changed. 'kith verify DIR' lists all findings; 'kith restore SNAPSHOT NEW_DIR' makes a new \
                directory from a snapshot that is whole, 'kith salvage DIR NEW_DIR' from everything that can be read.
                """
            )
        case .directory(.storage(.inUse)):
            self.init(
                .refused,
                "\(error). Use --at kith://HOST:PORT to work with a server that runs on it, or stop that process."
            )
        case .directory(.notFound): self.init(.usage, "\(error): name one that 'kith serve' or 'kith import' has made")
        case .directory(.storage(.notFound(let path))): self.init(.usage, "\(error)\(Place.hint(aboutMissing: path))")
        case .directory(.storage(.failed("open", let path, ENOTDIR))):
            self.init(.usage, "\(path) is a file, or lies in one: name a data directory")
        case .occupied: self.init(.usage, "\(error): a restore never overwrites; name a path where there is nothing")
        case .backup(.outOfReach), .backup(.occupied): self.init(.usage, "\(error)")
        case .directory, .incompatibleSchema, .backup, .past: self.init(.refused, "\(error)")
        }
    }

    private init(_ error: QueryError) {
        switch error.code {
        case .overflow, .budget, .cancelled, .staleSchema, .malformed: self.init(.refused, "\(error)")
        case .syntax, .unknownName, .ambiguousName, .type, .tooComplex, .parameter: self.init(.usage, "\(error)")
        }
    }
}
