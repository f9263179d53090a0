// Texts under keys, which are read, replaced and appended to. Keys do not know of each other, so that each is searched alone.

package enum KeyValueCall: Hashable, Sendable {
    case get(String)
    case put(String)
    case append(String)
}

/// A text. nil: one that no answer shows, and none that begins with it; which one it is makes no difference until another is put.
private struct TextModel: SequentialModel {
    let initial: String? = ""
    /// All that was ever answered.
    private let shown: Set<String>
    /// All that is ever put.
    private let puts: [String]

    init(_ calls: [Interval<KeyValueCall>]) {
        shown = Set(calls.compactMap { if case .get(let value) = $0.call { value } else { nil } })
        puts = calls.compactMap { if case .put(let value) = $0.call { value } else { nil } }
    }

    /// A text only grows, unless one is put.
    func mayFollow(_ call: KeyValueCall, _ state: String?) -> Bool {
        guard case .get(let value) = call else { return true }
        return state.map { value.utf8.starts(with: $0.utf8) } == true
            || puts.contains { value.utf8.starts(with: $0.utf8) }
    }

    private func known(_ text: String) -> String? {
        shown.contains { $0.utf8.starts(with: text.utf8) } ? text : nil
    }

    func state(after call: KeyValueCall, in state: String?) -> String?? {
        switch call {
        case .get(let value): value == state ? .some(state) : nil
        case .put(let value): .some(known(value))
        case .append(let value): .some(state.flatMap { known($0 + value) })
        }
    }

    func isRead(_ call: KeyValueCall) -> Bool {
        if case .get = call { true } else { false }
    }

    func byteCount(of state: String?) -> Int { (state?.utf8.count ?? 0) + 32 }
}

/// Calls of a store of texts.
package struct KeyValueHistory: Sendable {
    package var calls: [(key: String, interval: Interval<KeyValueCall>)]

    package init(_ calls: [(key: String, interval: Interval<KeyValueCall>)]) { self.calls = calls }

    package func verdict(_ bounds: SearchBounds = SearchBounds()) -> Verdict {
        let parts = Dictionary(grouping: calls, by: \.key)
        return .all(
            parts.keys.sorted().map { key in
                let calls = (parts[key] ?? []).map(\.interval)
                var search = OrderSearch(TextModel(calls), calls, bounds)
                return search.verdict()
            }
        )
    }
}
