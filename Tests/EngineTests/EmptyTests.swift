import Testing

@Test func emptyEngine() { #expect(Bool(true)) }
