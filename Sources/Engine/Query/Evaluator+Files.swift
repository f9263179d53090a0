// Files in expressions: the attribute is the file's name; `<attribute>size`, `<attribute>hash` and `<attribute>type` are the
// other fields of its value. Texts are parts of the stored text, so nothing is copied.

extension Evaluator {
    func evaluateFilePart(_ operand: Bound, _ part: FilePart, _ batch: Batch) throws(QueryError) -> Vector {
        let vector = try evaluate(operand, batch)
        for index in 0..<batch.count {
            guard vector.isValid(index), let fields = FileFields(vector.texts[index]) else {
                vector.setNull(index, isText: true)
                continue
            }
            let field = fields[part]
            if part == .size {
                // At most eleven digits were let in.
                vector.numbers[index] = field.reduce(0) { $0 &* 10 &+ Int64($1) &- Int64(UInt8(ascii: "0")) }
            } else {
                vector.texts[index] = field
            }
        }
        return vector
    }
}

extension Binder {
    /// What `<attribute>size` and its like mean for a file attribute; nil when the name is none of them.
    func filePart(_ name: String, _ source: Int, _ entity: Entity) -> Bound? {
        for part in FilePart.allCases where name.hasSuffix(part.rawValue) {
            guard let id = entity.attributeID(String(name.dropLast(part.rawValue.count))), entity[id].type.isFile else {
                continue
            }
            let column = Bound(.column(source: source, column: Int(id.rawValue)), .text(.general))
            return Bound(.filePart(column, part), part.queryType)
        }
        return nil
    }
}
