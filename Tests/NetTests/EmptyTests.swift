import Testing

@Test func emptyNet() { #expect(Bool(true)) }
