// Whoever imports Kith gets the engine's types with it: transactions, messages, values, schema and queries, in both their
// languages, are what a database is used with. And what an upload or a download is refused with.
@_exported import CRM
@_exported import Engine
@_exported import FetchXML

@_exported import enum Snapshot.ContentError
