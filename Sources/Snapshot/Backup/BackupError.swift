/// Why a backup could not be made, beside what goes wrong with directories (`DirectoryError`).
public enum BackupError: Error, Hashable, Sendable {
    /// The directory's log does not continue the backup's.
    case otherHistory(DirectoryID)
    /// The backup is one of another data directory.
    case otherDirectory(backup: DirectoryID, source: DirectoryID)
    /// There are files where the backup was to be made, and no manifest.
    case occupied
    /// Files vanished while they were copied, again and again.
    case neverStill
    /// A state that the backup, or the directory, does not hold.
    case outOfReach(String)
    /// What was opened is a backup.
    case isBackup
}

extension BackupError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .otherHistory(let id):
            """
            the log of data directory \(id) does not continue its backup: it was replaced by an older copy, or two copies \
            were served. Back it up into a new directory
            """
        case .otherDirectory(let backup, let source):
            "this is the backup of data directory \(backup), not of \(source): back up into a new directory"
        case .occupied: "there are other files there: back up into a new directory"
        case .neverStill: "files of the data directory vanished while they were copied, again and again: try once more"
        case .outOfReach(let what): what
        case .isBackup: "this is a backup: 'kith restore' makes a data directory from it"
        }
    }
}
