// The real files beside the package, for tests of several modules.

import Foundation

/// Where the real data lies, beside the package; tests that need it say so when it is not there.
package enum SharedData {
    package static let root: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.deletingLastPathComponent().appendingPathComponent("shared/data").path
    }()

    package static let packageRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    package static let isPresent: Bool = {
        let isThere = FileManager.default.fileExists(atPath: root + "/crm-maven/accounts.csv")
        if !isThere { print("skipping tests on real data: \(root) is not there") }
        return isThere
    }()
}
