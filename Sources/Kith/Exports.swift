// Whoever imports Kith gets the engine's types with it: transactions, values, schema and queries are what a database is
// used with.
@_exported import Engine
