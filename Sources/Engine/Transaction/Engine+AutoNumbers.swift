// Numbers that the engine gives to new records.
//
// A create that leaves an auto-number attribute out, or gives null, gets the next number: one more than the largest that the
// attribute has ever had, whether the engine gave it or somebody did. So a number is never given twice, also not that of a
// deleted record, and records that were imported with numbers of their own are continued.
//
// The last number stands in the table, follows from the changes (a replay reads it off the values of the entries, which hold
// them like any), is part of the image, and goes back with a transaction that is refused: the engine leaves no gaps.

extension Engine {
    /// Gives numbers to those rows of a create that have none. Rows that will be refused were taken out before.
    func giveNumbers(_ operation: inout Operation, _ envelope: Envelope) throws(Refusal) {
        let layout = tables[operation.place].layout
        for (index, (column, format)) in layout.autoNumbers.enumerated() {
            let given = operation.column(of: column)
            if let given, given.validity == nil, given.values != nil { continue }
            var last = tables[operation.place].lastNumbers[index]
            if let given { last = max(last, format.largestNumber(in: given)) }
            let missing = (0..<operation.count).reduce(0) { $0 + (given?.isValid($1) ?? false ? 0 : 1) }
            guard UInt64(missing) <= AutoNumberFormat.numberMax - last else {
                throw refusal(.limitExceeded, operation.place, column, "There is no number behind \(last).")
            }
            let buffer = ColumnBuffer { writer in
                var builder = ColumnBuilder(kind: .text)
                for row in 0..<operation.count {
                    if let given, given.isValid(row) {
                        builder.append(text: given.text(row))
                    } else {
                        last += 1
                        builder.append(text: format.text(last, timeMicroseconds: envelope.timeMicroseconds))
                    }
                }
                builder.encode(into: &writer)
            }
            buffers.append(buffer)
            operation.replace(column, buffer.column(kind: .text, count: operation.count))
        }
    }

    /// Keeps the last numbers for a revert, where the table gives numbers.
    func noteNumbersForUndo(_ place: Int) {
        let last = tables[place].lastNumbers
        if !last.isEmpty { undo.numbers.append((place, last)) }
    }

    /// An update cannot take a number away: null leaves it as it is.
    func keepNumbers(_ operation: inout Operation, _ rows: [UInt32]) {
        let layout = tables[operation.place].layout
        for (column, _) in layout.autoNumbers {
            guard let given = operation.column(of: column), (0..<given.count).contains(where: { !given.isValid($0) })
            else { continue }
            let place = operation.place
            let buffer = ColumnBuffer { writer in
                var builder = ColumnBuilder(kind: .text)
                for row in 0..<given.count {
                    if given.isValid(row) {
                        builder.append(text: given.text(row))
                    } else if let head = tables[place].head(column, Int(rows[row])), head.isValid(Int(rows[row] & 8191))
                    {
                        builder.append(text: head.text(Int(rows[row] & 8191)))
                    } else {
                        builder.appendNull()
                    }
                }
                builder.encode(into: &writer)
            }
            buffers.append(buffer)
            operation.replace(column, buffer.column(kind: .text, count: given.count))
        }
    }
}

extension AutoNumberFormat {
    /// The largest number in a column, 0 where there is none.
    func largestNumber(in values: ColumnView) -> UInt64 {
        var largest: UInt64 = 0
        for row in 0..<values.count where values.isValid(row) {
            if let number = number(in: values.text(row)) { largest = max(largest, number) }
        }
        return largest
    }
}

extension Table {
    /// Notes the numbers among new values.
    mutating func noteNumbers(_ attributes: [Int], _ columns: [ColumnView]) {
        for (place, (column, format)) in layout.autoNumbers.enumerated() {
            guard let index = attributes.firstIndex(of: column) else { continue }
            lastNumbers[place] = max(lastNumbers[place], format.largestNumber(in: columns[index]))
        }
    }

    /// Takes over the last numbers of the same table under an older layout. An attribute that was another text before, or had
    /// another format, goes on behind the largest number that its values have.
    mutating func takeNumbers(of other: borrowing Table) {
        for (place, (column, format)) in layout.autoNumbers.enumerated() {
            let before = other.layout.autoNumbers.firstIndex { $0.column == column }
            if let before {
                lastNumbers[place] = other.lastNumbers[before]
                if other.layout.autoNumbers[before].format == format { continue }
            }
            for row in 0..<rowCount {
                guard let head = head(column, row), head.isValid(row & 8191),
                    let number = format.number(in: head.text(row & 8191))
                else { continue }
                lastNumbers[place] = max(lastNumbers[place], number)
            }
        }
    }
}
