// Functions and arithmetic of constants are computed once, when a query is specialised, so that what is compared with them
// can use indexes and zone maps. What fails is left for the execution, which may never come to it.

extension Specializer {
    /// Bytes that a folded text may need on the way: constants larger than this are computed per batch.
    private static let foldBytesMax = 16 << 20

    /// The expression as a constant, when all its operands are constants.
    func folded(_ bound: Bound) -> Bound {
        guard bound.children.allSatisfy(\.isConstant) else { return bound }
        let own = ExecutionContext(
            view: context.view,
            visible: context.visible,
            environment: environment,
            meter: QueryMeter(QueryBudget(bytesMax: Self.foldBytesMax), nil)
        )
        let evaluator = Evaluator(own, sources: [])
        let batch = Batch(sourceCount: 1)
        batch.count = 1
        do throws(QueryError) {
            let vector = try evaluator.evaluate(bound, batch)
            guard vector.isValid(0) else { return Bound(.null, bound.type) }
            switch bound.type {
            case .text: return Bound(.text(TextConstant(vector.texts[0])), bound.type)
            case .double: return Bound(.real(vector.double(0)), .double)
            default: return Bound(.number(vector.numbers[0]), bound.type)
            }
        } catch {
            return bound
        }
    }
}
