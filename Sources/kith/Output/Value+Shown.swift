import Engine

extension Value {
    /// The value of an attribute as people read it: options under their labels, everything else as it is printed everywhere.
    func shown(_ attribute: String, _ entity: Entity, _ schema: Schema) -> Value {
        if case .option(let number) = self,
            let set = entity.attributeID(attribute).flatMap({ entity[$0].type.optionSet }),
            let label = schema[set].label(of: number)
        {
            return .text(label)
        }
        return text(in: schema).map(Value.text) ?? .null
    }
}
