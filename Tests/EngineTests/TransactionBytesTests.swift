// The bytes of a transaction: what was set before and after its operations, with and without a key.

import Engine
import Testing

@Suite struct TransactionBytesTests {
    private func transaction(isIndependent: Bool, setsFirst: Bool, count: Int) throws -> Transaction {
        var transaction = Transaction(.standard)
        if setsFirst { transaction.isIndependent = isIndependent }
        for number in 0..<count { try transaction.create("account", ["name": .text("Account \(number)")]) }
        transaction.isIndependent = isIndependent
        return transaction
    }

    @Test(arguments: [false, true])
    func headAndOperations(setsFirst: Bool) throws {
        for isIndependent in [false, true] {
            for count in [0, 1, 300] {
                let given = try transaction(isIndependent: isIndependent, setsFirst: setsFirst, count: count)
                let plain = given.encoded()
                let flag: UInt8 = isIndependent ? 2 : 0
                #expect(Array(plain.prefix(6)) == [flag, 0, 0, 0, UInt8(count & 0xFF), UInt8(count >> 8)])
                let keyed = given.encoded(key: RequestKey(client: 0x0102_0304_0506_0708, request: 9))
                let head: [UInt8] = [
                    flag | 1, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 0, 0, 0, 0, UInt8(count & 0xFF),
                    UInt8(count >> 8),
                ]
                #expect(keyed == head + plain.dropFirst(6))
                var own = given
                own.key = RequestKey(client: 0x0102_0304_0506_0708, request: 9)
                #expect(own.encoded() == keyed)
                #expect(plain.count <= given.encodedBytesMax && keyed.count <= given.encodedBytesMax)
            }
        }
    }
}
