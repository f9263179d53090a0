/// Why a cell's text is no value of its attribute. The description is one sentence for the rejects file; it quotes the
/// text, cut to 60 bytes.
package struct CellFault: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// `'text' is not …`, with the text shortened and its control characters replaced.
    package static func text(_ text: Span<UInt8>, _ complaint: String) -> CellFault {
        CellFault("'\(excerpt(of: text))' \(complaint)")
    }

    package static func excerpt(of text: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        for index in 0..<min(text.count, 60) { bytes.append(text[index] < 0x20 ? 0x20 : text[index]) }
        // A character that the cut split is left out rather than shown as a replacement mark.
        while let last = bytes.last, text.count > bytes.count, last & 0xC0 == 0x80 { bytes.removeLast() }
        if text.count > bytes.count, let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + (text.count > bytes.count ? "…" : "")
    }
}
