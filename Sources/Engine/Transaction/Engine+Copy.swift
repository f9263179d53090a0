extension Engine {
    /// An engine that goes on from a view, for trying out what transactions would do. It shares blocks with the
    /// original, which notices nothing, and knows no earlier requests. O(entities).
    public convenience init(copying view: View) {
        self.init(view.schema, view.tables.map(\.layout))
        tables.take(view.tables)
        position = view.position
    }
}
