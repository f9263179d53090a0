import Foundation
import Testing

/// The declarations of `CGMime` and `CXML2` are those of the libraries that are installed: a C compiler sees both together.
@Suite struct ForeignDeclarationTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")

    private static func shell(_ command: String) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    private static let hasCompiler: Bool = {
        let found = (try? shell("command -v clang && pkg-config --exists gmime-3.0 libxml-2.0"))?.status == 0
        if !found {
            print(
                "skipping the comparison of C declarations: clang or pkg-config with gmime-3.0 and libxml-2.0 is missing"
            )
        }
        return found
    }()

    private func compile(_ text: String, package: String) throws -> (status: Int32, output: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "kith-\(UUID().uuidString).c")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try ForeignDeclarationTests.shell(
            "clang -Wall -Werror -fsyntax-only $(pkg-config --cflags \(package)) '\(file.path())'"
        )
    }

    @Test(.enabled(if: ForeignDeclarationTests.hasCompiler, "no C compiler or headers"))
    func gmime() throws {
        let shim = ForeignDeclarationTests.sources.appending(path: "CGMime/shim.h").path()
        let text = """
            #include <gmime/gmime.h>
            #include "\(shim)"
            _Static_assert(offsetof(struct _GByteArray, data) == offsetof(struct KithByteArray, data), "data");
            _Static_assert(offsetof(struct _GByteArray, len) == offsetof(struct KithByteArray, len), "len");
            """
        let right = try compile(text, package: "gmime-3.0")
        #expect(right.status == 0, "\(right.output)")
        // A declaration that differs is seen.
        let wrong = try compile(text + "\nvoid g_mime_init(int);", package: "gmime-3.0")
        #expect(wrong.status != 0)
    }

    @Test(.enabled(if: ForeignDeclarationTests.hasCompiler, "no C compiler or headers"))
    func libxml() throws {
        let shim = ForeignDeclarationTests.sources.appending(path: "CXML2/shim.h").path()
        let fields = ["startElement", "endElement", "characters", "ignorableWhitespace", "cdataBlock", "initialized"]
        let text = """
            #include <libxml/HTMLparser.h>
            #include <stddef.h>
            #include "\(shim)"
            \(fields.map { "_Static_assert(offsetof(xmlSAXHandler, \($0)) == offsetof(struct KithHTMLEvents, \($0)), \"\($0)\");" }
                .joined(separator: "\n"))
            _Static_assert(sizeof(xmlSAXHandler) == sizeof(struct KithHTMLEvents), "size");
            _Static_assert(XML_CHAR_ENCODING_UTF8 == KithEncodingUTF8, "encoding");
            _Static_assert((HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET
                | HTML_PARSE_IGNORE_ENC) == (1 << 0 | 1 << 5 | 1 << 6 | 1 << 11 | 1 << 21), "options");
            """
        let result = try compile(text, package: "libxml-2.0")
        #expect(result.status == 0, "\(result.output)")
    }
}
