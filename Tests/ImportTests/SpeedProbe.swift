import Foundation
import Import
import Testing
@Test func speedProbe() async throws {
    let d = try TemporaryDirectory()
    var text = "id,name,amount,city,note\n"
    for i in 0..<1_000_000 { text += "\(i),Company number \(i),\(i % 1000).50,Göteborg,\"some, quoted text\"\n" }
    let path = try d.write("big.csv", text)
    var t = ContinuousClock().now
    var r = try TableReader(path: path, dialect: CSVDialect(), limits: ImportLimits())
    var rec = CSVRecord(); var n = 0
    while try r.next(into: &rec) != .end { n += 1 }
    var e = ContinuousClock().now - t
    print("CSV", text.utf8.count, n, e, Double(text.utf8.count) / 1e6 / (Double(e.components.attoseconds)/1e18 + Double(e.components.seconds)), "MB/s")
    t = .now
    _ = try FileDigest(path: path)
    print("sha", ContinuousClock().now - t)
    let yaml = "files:\n  - file: big.csv\n    entity: account\n    key: externalid\n    attributes: {externalid: id, name: name, revenue: amount, address1_city: city, description: note}\n"
    let mapping = try ImportMapping(yaml: yaml)
    r = try TableReader(path: path, dialect: CSVDialect(), limits: ImportLimits())
    let plan = try StepPlan(mapping.files[0], schema: .standard, columns: r.columns, laterEntities: [])
    var row = TypedRow()
    t = .now
    while try r.next(into: &rec) != .end { try plan.fill(&row, from: rec) }
    print("plan", ContinuousClock().now - t)
    let target = EngineTarget()
    var o = ImportOptions(); o.rejectsPath = d.path + "/r.csv"
    t = .now
    let rep = try await ImportRun(mapping: mapping, files: [d.path], options: o).run(target: target)
    print("import", ContinuousClock().now - t, rep.total)
    t = .now
    let rep2 = try await ImportRun(mapping: mapping, files: [d.path], options: o).run(target: target)
    print("again", ContinuousClock().now - t, rep2.total)
    let s = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    print(s.split(separator: "\n").filter { $0.hasPrefix("VmHWM") || $0.hasPrefix("VmRSS") })
}
