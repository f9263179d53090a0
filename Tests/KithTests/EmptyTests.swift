import Testing

@Test func emptyKith() { #expect(Bool(true)) }
