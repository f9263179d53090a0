import Testing

@Test func emptySnapshot() { #expect(Bool(true)) }
