import Testing

@Test func emptyCommand() { #expect(Bool(true)) }
