// Whether there is an order of a history's calls that explains every answer: the search of Wing and Gong (1993), with the memory
// of what was tried that Lowe gave it (2017), as porcupine does it.
//
// Events stand in a list by time: the beginning of each call, and its end if it has one. The search takes a call out of the list
// whose beginning stands before every end, executes it, and goes on from the front. When it meets an end, the call of that end
// should have been taken earlier: the last choice is undone and the next one tried. The history is explained when no end is left.
//
// What keeps it short, each of them without an effect on the verdict:
// - A configuration (which calls were taken, and the state) that was seen before led nowhere (`Configurations`).
// - A call with an end that fits now and only reads can be taken at once: an order that has it later also holds with it here. No
//   other choice has to be tried in its place.
// - A state from which one of the next answers cannot come about any more is not entered.
// - A call without an end does not have to be taken. So those stand beside the list, and are tried when nothing else fits before
//   the next end; one that would change nothing is not taken; of equal ones the first that began is taken first; none is taken if
//   the call behind it would do the same without it; and a configuration that has taken more of them than another with the same
//   state and the same other calls can do nothing that the other cannot.

struct OrderSearch<Model: SequentialModel> {
    private let model: Model
    private let bounds: SearchBounds
    private var calls: [Model.Call] = []
    /// Of a call with an end its number among those; of the others nil.
    private var closedNumber: [Int?] = []
    private var closedCount = 0

    /// An event of a call with an end.
    private struct Event {
        var call: Int
        var isEnd: Bool
    }

    private var events: [Event] = []
    /// Neighbours in the list; event `events.count` stands before the first and behind the last.
    private var next: [Int] = []
    private var previous: [Int] = []
    /// Of each call the event of its end.
    private var endEvent: [Int?] = []

    /// Calls without an end that are equal, by their beginnings.
    private struct OpenGroup {
        /// Each with the first event behind its beginning.
        var calls: [(call: Int, event: Int)] = []
    }

    private var openGroups: [OpenGroup] = []

    init(_ model: Model, _ intervals: [Interval<Model.Call>], _ bounds: SearchBounds) {
        self.model = model
        self.bounds = bounds
        calls = intervals.map(\.call)
        closedNumber = Array(repeating: nil, count: calls.count)
        endEvent = Array(repeating: nil, count: calls.count)
        // An end at the same time as a beginning comes after it, so that they overlap.
        var moments: [(time: Int, isEnd: Bool, call: Int)] = []
        for (call, interval) in intervals.enumerated() {
            moments.append((interval.begin, false, call))
            if let end = interval.end { moments.append((max(end, interval.begin), true, call)) }
        }
        moments.sort { ($0.time, $0.isEnd ? 1 : 0, $0.call) < ($1.time, $1.isEnd ? 1 : 0, $1.call) }
        var groups: [Model.Call: Int] = [:]
        for moment in moments {
            if moment.isEnd {
                endEvent[moment.call] = events.count
            } else if intervals[moment.call].end == nil {
                let call = calls[moment.call]
                let group = groups[call] ?? openGroups.count
                if group == openGroups.count {
                    groups[call] = group
                    openGroups.append(OpenGroup())
                }
                openGroups[group].calls.append((moment.call, events.count))
                continue
            } else {
                closedNumber[moment.call] = closedCount
                closedCount += 1
            }
            events.append(Event(call: moment.call, isEnd: moment.isEnd))
        }
        let sentinel = events.count
        next = (0...sentinel).map { $0 == sentinel ? 0 : $0 + 1 }
        previous = (0...sentinel).map { $0 == 0 ? sentinel : $0 - 1 }
    }

    private mutating func remove(_ event: Int) {
        next[previous[event]] = next[event]
        previous[next[event]] = previous[event]
    }

    private mutating func restore(_ event: Int) {
        next[previous[event]] = event
        previous[next[event]] = event
    }

    /// What comes next to be tried: the event in the list, and at an end, where nothing in the list is left, a group.
    private struct Place {
        var event: Int
        var group = 0
    }

    /// A call that was taken, and what was there before.
    private struct Choice {
        var call: Int
        var place: Place
        var state: Int
        /// Nothing else has to be tried in its place.
        var isForced: Bool
    }

    /// Searches; the search is used up afterwards.
    mutating func verdict() -> Verdict {
        guard openGroups.allSatisfy({ $0.calls.count <= Configurations.openCountMax }) else {
            return .unknown("too many equal calls without an end")
        }
        var endsLeft = closedCount
        var states = StateTable(model)
        var taken = Configurations(closedCount: closedCount, openGroupCount: openGroups.count)
        var state = states.number(model.initial)
        var choices: [Choice] = []
        var steps = 0
        var (farthest, stuckAt) = (0, 0)
        var place = Place(event: next[events.count])
        while endsLeft > 0 {
            let (call, isOpen): (Int, Bool)
            if !events[place.event].isEnd {
                (call, isOpen) = (events[place.event].call, false)
            } else if let open = nextOpen(&place, taken) {
                (call, isOpen) = (open, true)
            } else {
                // The call of this end can be taken nowhere: undo up to a choice that had others.
                if choices.count >= farthest { (farthest, stuckAt) = (choices.count, events[place.event].call) }
                guard let choice = undo(&choices, &taken, &endsLeft) else { return violation(farthest, stuckAt) }
                state = choice.state
                place = choice.place
                advance(&place)
                continue
            }
            steps += 1
            if steps > bounds.stepsMax { return .unknown("no verdict after \(bounds.stepsMax) steps") }
            guard let after = model.state(after: calls[call], in: states[state]) else {
                advance(&place)
                continue
            }
            let isUnchanged = after == states[state]
            var isUseless = isOpen && isUnchanged
            if !isUseless, let last = choices.last, closedNumber[last.call] == nil {
                isUseless = model.state(after: calls[call], in: states[last.state]) == after
            }
            if isUseless {
                advance(&place)
                continue
            }
            if !isUnchanged, !isOpenToAnswers(after, taking: call) {
                advance(&place)
                continue
            }
            let newState = isUnchanged ? state : states.number(after)
            if let number = closedNumber[call] { taken.addClosed(number) } else { taken.addOpen(place.group) }
            // A forced choice leads to a configuration that nothing else has to avoid.
            let isForced = isUnchanged && !isOpen && model.isRead(calls[call])
            guard isForced || taken.remember(state: newState) else {
                if let number = closedNumber[call] { taken.removeClosed(number) } else { taken.removeOpen(place.group) }
                advance(&place)
                continue
            }
            if states.byteCount + taken.byteCount > bounds.bytesMax {
                return .unknown("no verdict within \(bounds.bytesMax) bytes of memory")
            }
            choices.append(Choice(call: call, place: place, state: state, isForced: isForced))
            state = newState
            if let end = endEvent[call] {
                remove(place.event)
                remove(end)
                endsLeft -= 1
            }
            place = Place(event: next[events.count])
        }
        return .linearizable
    }

    /// Events that are looked at for an answer that a state has made impossible.
    private static var eventsAheadMax: Int { 64 }

    /// Whether the next calls with an end, but for the one that is taken, may still be answered as they were.
    private func isOpenToAnswers(_ state: Model.State, taking call: Int) -> Bool {
        var event = next[events.count]
        for _ in 0..<OrderSearch.eventsAheadMax where event < events.count {
            let ahead = events[event]
            if !ahead.isEnd, ahead.call != call, !model.mayFollow(calls[ahead.call], state) { return false }
            event = next[event]
        }
        return true
    }

    /// The first call without an end that may be tried here, from the place's group on; nil when there is none.
    private func nextOpen(_ place: inout Place, _ taken: borrowing Configurations) -> Int? {
        while place.group < openGroups.count {
            let count = taken.openCount(place.group)
            let calls = openGroups[place.group].calls
            if count < calls.count, calls[count].event <= place.event { return calls[count].call }
            place.group += 1
        }
        return nil
    }

    private func advance(_ place: inout Place) {
        if events[place.event].isEnd { place.group += 1 } else { place.event = next[place.event] }
    }

    /// Undoes choices up to one that had others, and returns that; nil when none had.
    private mutating func undo(
        _ choices: inout [Choice],
        _ taken: inout Configurations,
        _ endsLeft: inout Int
    ) -> Choice? {
        while let choice = choices.popLast() {
            if let number = closedNumber[choice.call], let end = endEvent[choice.call] {
                taken.removeClosed(number)
                restore(end)
                restore(choice.place.event)
                endsLeft += 1
            } else {
                taken.removeOpen(choice.place.group)
            }
            if !choice.isForced { return choice }
        }
        return nil
    }

    private func violation(_ farthest: Int, _ stuckAt: Int) -> Verdict {
        .violated(
            "no order explains more than \(farthest) of \(calls.count) calls together with the answer to \(calls[stuckAt])"
        )
    }
}

/// States with numbers, so that a configuration holds four bytes of one.
private struct StateTable<Model: SequentialModel> {
    private let model: Model
    private var numbers: [Model.State: Int] = [:]
    private var states: [Model.State] = []
    /// Bytes of all, with what the tables add.
    private(set) var byteCount = 0

    init(_ model: Model) { self.model = model }

    subscript(number: Int) -> Model.State { states[number] }

    mutating func number(_ state: Model.State) -> Int {
        if let number = numbers[state] { return number }
        numbers[state] = states.count
        states.append(state)
        byteCount += model.byteCount(of: state) + 4 * MemoryLayout<Model.State>.stride + 16
        return states.count - 1
    }
}
