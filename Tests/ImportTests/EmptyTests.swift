import Testing

@Test func emptyImport() { #expect(Bool(true)) }
