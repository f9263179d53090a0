// Histories that others recorded, as texts: the log of a Jepsen test of a register, and maps in EDN of a store of texts. One event a
// line; a process has one call under way at a time, and events stand in their order.

/// A text that is no history.
package struct HistoryTextError: Error, CustomStringConvertible {
    package var line: Int
    package var reason: String
    package var description: String { "line \(line): \(reason)" }
}

/// Calls by process while they are under way, each with the line that it began in.
private struct CallsUnderWay<Call> {
    private var begun: [Int: (call: Call, line: Int)] = [:]

    mutating func begin(_ process: Int, _ call: Call, line: Int) throws {
        guard begun.updateValue((call, line), forKey: process) == nil else {
            throw HistoryTextError(line: line, reason: "process \(process) has a call under way")
        }
    }

    mutating func end(_ process: Int, line: Int) throws -> (call: Call, line: Int) {
        guard let call = begun.removeValue(forKey: process) else {
            throw HistoryTextError(line: line, reason: "process \(process) has no call under way")
        }
        return call
    }

    /// Those that nothing was heard of, in the order in which they began.
    var left: [(call: Call, line: Int)] { begun.values.sorted { $0.line < $1.line } }
}

extension RegisterHistory {
    /// Reads lines such as `INFO  jepsen.util - 3	:invoke	:cas	[3 0]`. Lines of other writers are passed over; what they are
    /// told by is the word behind `INFO`.
    ///
    /// `:ok` is an answer. `:fail` with the value of a compare-and-set says that the value was another one. A call that ends in
    /// `:info`, or that failed for another reason, may have taken effect or not.
    package init(jepsenLog text: String) throws {
        var calls: [Interval<RegisterCall>] = []
        var underWay = CallsUnderWay<RegisterCall>()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 7, fields[0] == "INFO", fields[1] == "jepsen.util", let process = Int(fields[3])
            else {
                continue
            }
            let values = fields[6...].map { $0.trimmingPrefix("[") }.map { $0.hasSuffix("]") ? $0.dropLast() : $0 }
            let (type, function) = (fields[4], fields[5])
            switch type {
            case ":invoke":
                let call = try RegisterHistory.call(function, values, number)
                try underWay.begin(process, call, line: number)
            case ":ok", ":fail":
                var (call, began) = try underWay.end(process, line: number)
                switch (call, type) {
                case (.read, ":ok"): call = try RegisterHistory.call(function, values, number)
                case (.write, ":ok"): break
                case (.compareAndSet(let from, let to, _), _) where type == ":ok" || Int(values[0]) == from:
                    call = .compareAndSet(from: from, to: to, succeeded: type == ":ok")
                default:
                    calls.append(Interval(call, begin: began, end: nil))
                    continue
                }
                calls.append(Interval(call, begin: began, end: number))
            case ":info":
                let (call, began) = try underWay.end(process, line: number)
                calls.append(Interval(call, begin: began, end: nil))
            default: throw HistoryTextError(line: number, reason: "an event \(type)")
            }
        }
        for (call, began) in underWay.left { calls.append(Interval(call, begin: began, end: nil)) }
        // A read that was not answered says nothing.
        self.init(calls.filter { if case .read = $0.call { $0.end != nil } else { true } })
    }

    private static func call(_ function: Substring, _ values: [Substring], _ line: Int) throws -> RegisterCall {
        let numbers = values.map { Int($0) }
        switch (function, numbers.count) {
        case (":read", 1) where numbers[0] != nil || values[0] == "nil": return .read(numbers[0])
        case (":write", 1):
            if let value = numbers[0] { return .write(value) }
        case (":cas", 2):
            if let from = numbers[0], let to = numbers[1] {
                return .compareAndSet(from: from, to: to, succeeded: nil)
            }
        default: break
        }
        throw HistoryTextError(line: line, reason: "a call \(function) \(values.joined(separator: " "))")
    }
}

extension KeyValueHistory {
    /// Reads lines such as `{:process 0, :type :invoke, :f :append, :key "0", :value "x 0 0 y"}`.
    package init(ednMaps text: String) throws {
        var calls: [(key: String, interval: Interval<KeyValueCall>)] = []
        var underWay = CallsUnderWay<(function: String, key: String, value: String)>()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            guard line.contains(where: { !$0.isWhitespace }) else { continue }
            let fields = try KeyValueHistory.fields(line, number)
            guard let process = fields[":process"].flatMap({ Int($0) }), let type = fields[":type"],
                let function = fields[":f"], let key = fields[":key"], let value = fields[":value"]
            else { throw HistoryTextError(line: number, reason: "a field is missing") }
            guard type != ":invoke" else {
                try underWay.begin(process, (function, key, value), line: number)
                continue
            }
            let (call, began) = try underWay.end(process, line: number)
            switch type {
            case ":ok":
                let answered = try KeyValueCall(function, function == ":get" ? value : call.value, number)
                calls.append((call.key, Interval(answered, begin: began, end: number)))
            case ":fail", ":info":
                if call.function == ":get" { continue }
                let open = try KeyValueCall(function, call.value, number)
                calls.append((call.key, Interval(open, begin: began, end: nil)))
            default: throw HistoryTextError(line: number, reason: "an event \(type)")
            }
        }
        for (call, began) in underWay.left where call.function != ":get" {
            calls.append(
                (call.key, Interval(try KeyValueCall(call.function, call.value, began), begin: began, end: nil))
            )
        }
        self.init(calls)
    }

    /// Names and values of a map; texts without their quotes.
    private static func fields(_ line: Substring, _ number: Int) throws -> [String: String] {
        var tokens: [String] = []
        var rest = line
        while let first = rest.first {
            rest.removeFirst()
            if first.isWhitespace || first == "," || first == "{" || first == "}" { continue }
            var token = ""
            if first == "\"" {
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        token.append(next)
                        continue
                    }
                    guard let escaped = rest.popFirst() else { break }
                    token.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
                }
            } else {
                token.append(first)
                while let next = rest.first, !next.isWhitespace, next != ",", next != "}" {
                    token.append(next)
                    rest.removeFirst()
                }
            }
            tokens.append(token)
        }
        guard tokens.count % 2 == 0 else { throw HistoryTextError(line: number, reason: "a name without a value") }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: tokens.count, by: 2) { fields[tokens[index]] = tokens[index + 1] }
        return fields
    }
}

extension KeyValueCall {
    fileprivate init(_ function: String, _ value: String, _ line: Int) throws {
        switch function {
        case ":get": self = .get(value)
        case ":put": self = .put(value)
        case ":append": self = .append(value)
        default: throw HistoryTextError(line: line, reason: "a call \(function)")
        }
    }
}
