// How much a test does: little in `make test`, a share of the goals in `make torture`, the goals' own numbers in
// `make torture-full` (docs/reliability.md has the table).

import Foundation

package enum Effort: Sendable {
    case test
    case torture
    case full

    /// `KITH_TORTURE`: absent, or `full`, or anything else.
    package static let present: Effort =
        switch ProcessInfo.processInfo.environment["KITH_TORTURE"] {
        case nil: .test
        case "full": .full
        default: .torture
        }

    package static func count(_ test: Int, torture: Int, full: Int) -> Int {
        switch present {
        case .test: test
        case .torture: torture
        case .full: full
        }
    }
}
