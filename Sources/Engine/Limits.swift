/// Every bound that the engine puts on its input and on itself, each with its reason.
/// A bound of the wire stands in `WireLimits`, those of the disk beside what they bound in `Snapshot`.
public enum Limits {
    /// Entities: what 12 bits of a record id name.
    public static let entityCountMax = 4095
    /// The first number of an entity that a client makes; the standard's entities keep below it.
    public static let clientEntityMin = 1024
    /// Attributes of one entity. Dynamics allows 1,023 columns of a table; more is a modelling error.
    public static let attributeCountMax = 1024
    /// Rows of one entity: rows are numbered in 32 bits, and all ones means "none".
    public static let rowCountMax = Int(UInt32.max) - 1
    /// Bytes of one text value: 20 bits in a text slot hold 1,048,575.
    public static let textBytesMax = (1 << 20) - 1
    /// Rows in one operation: a batch of 65,536 rows holds the writer for tens of milliseconds at most.
    public static let operationRowsMax = 65_536
    /// Operations in one transaction.
    public static let transactionOperationsMax = 1024
    /// Bytes of one encoded transaction, and so of its log entry's new values: the largest frame.
    public static let transactionBytesMax = 16 << 20
    /// Records that one delete may take with it by cascading: bounds the transaction's log entry and its time.
    public static let cascadeRecordsMax = 100_000
    /// Bytes of one log entry, which also holds old values: less than half a log segment of 64 MiB, the largest batch that
    /// the log takes.
    public static let entryBytesMax = 30 << 20
    /// Bytes of the reply to one read: the largest frame, less its head.
    public static let readBytesMax = 15 << 20
    /// Stored results of idempotent requests per client: more unacknowledged requests than a client may have in flight.
    public static let requestResultsPerClientMax = 1024
    /// Clients whose request results are remembered; the one silent for longest is forgotten first.
    public static let requestClientsMax = 65_536
    /// Parties in one list: twice what mail servers take for recipients of one message by default. Each is a record, found and
    /// compared with those that are there.
    public static let partyListEntriesMax = 1_000
    /// Parties that one operation gives for one attribute: four times its rows, and at 60 bytes each half a log entry.
    public static let operationPartiesMax = 262_144
    /// Parties that one transaction may look at, to find those that are in its lists: some tenths of a second of the writer's turn.
    static let transactionPartiesReadMax = 1 << 22
    /// Alternate keys of one entity, and attributes in one key.
    public static let keyCountMax = 16
    /// Attributes of one entity that quick find looks into: each one's words are read for every record found.
    public static let searchedAttributesMax = 16
    /// Attributes in one alternate key.
    public static let keyAttributesMax = 8
    /// Indexes over attributes in order, of one entity: each costs every create an entry.
    public static let indexCountMax = 16
    /// Attributes in one of them: its key has sixteen bytes.
    public static let indexAttributesMax = 8
    /// Bytes of a logical or display name, a label, the name of a key or view.
    public static let nameBytesMax = 256
    /// Views that are shared: the schema carries them, and is logged and sent as a whole.
    public static let viewCountMax = 1000
    /// Bytes of a shared view's query.
    public static let viewQueryBytesMax = 16 << 10
    /// Bytes of a schema: half the largest frame, which also carries the rest of a hello.
    public static let schemaBytesMax = 8 << 20
    /// Option sets, deleted ones included: they are numbered in sixteen bits.
    public static let optionSetCountMax = 65_535
    /// Bytes of the expression of a calculated attribute: a page of text.
    public static let expressionBytesMax = 4096
}
