import CZlib
import Foundation
import Import
import TestSupport
import Testing

private func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    var input = bytes
    let inputCount = input.count
    let outputCount = output.count
    input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(inputCount)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(outputCount)
            _ = deflate(&stream, Z_FINISH)
        }
    }
    return Array(output[..<(outputCount - Int(stream.avail_out))])
}

private func readAll(_ path: String, chunk: Int = 1000) throws -> [UInt8] {
    let source = try ByteSource(path: path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: chunk)
    while true {
        let count = try buffer.withUnsafeMutableBufferPointer { try source.read(into: $0) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

@Suite struct ByteSourceTests {
    private let content = Array((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })

    @Test func plainAndGzipGiveTheSameBytes() throws {
        let directory = try TemporaryDirectory()
        #expect(try readAll(directory.write("plain", content)) == content)
        #expect(try readAll(directory.write("one.gz", gzip(content))) == content)
        #expect(try readAll(directory.write("empty", [])) == [])
        #expect(try readAll(directory.write("empty.gz", gzip([]))) == [])
    }

    @Test func concatenatedMembersAndPadding() throws {
        let directory = try TemporaryDirectory()
        let bytes = gzip(content) + gzip([]) + gzip([1, 2, 3]) + [0, 0, 0, 0]
        #expect(try readAll(directory.write("many.gz", bytes)) == content + [1, 2, 3])
    }

    @Test func damageIsAnErrorAndNeverASilentEnd() throws {
        let directory = try TemporaryDirectory()
        let whole = gzip(content)
        for length in [10, 18, whole.count / 2, whole.count - 8, whole.count - 1] {
            let path = try directory.write("cut.gz", Array(whole[..<length]))
            #expect(throws: ImportError.self, "cut at \(length)") { try readAll(path) }
        }
        var flipped = whole
        flipped[whole.count - 6] ^= 1
        let path = try directory.write("flipped.gz", flipped)
        #expect(throws: ImportError.self) { try readAll(path) }
        let trailing = try directory.write("trailing.gz", whole + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(throws: ImportError.self) { try readAll(trailing) }
    }

    @Test func filesThatAreNoneAreRefused() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: ImportError.self) { try ByteSource(path: directory.path + "/missing") }
        #expect(throws: ImportError.self) { try ByteSource(path: directory.path) }
    }

    @Test func digestIsSHA256OfTheStoredBytes() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("abc", Array("abc".utf8))
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try FileDigest(path: path).description == expected)
        #expect(try FileDigest(of: Array("abc".utf8)).description == expected)
    }
}
