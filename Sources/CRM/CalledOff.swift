import Engine

extension Refusal {
    /// A question whose connection or task has ended.
    static let calledOff = Refusal(.overloaded, "The question was called off.")
}
