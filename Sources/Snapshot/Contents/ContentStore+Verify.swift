// Reading contents of a directory that is not open: whether each is what its name says, and a copy into another directory.
// Everything is streamed: a mebibyte of a content is in memory at a time.

import Engine

/// The contents of a directory as they lie there. Changes nothing.
package struct ContentFolder: Sendable {
    private static let pieceBytes = 1 << 20

    private let folder: (any Storage)?
    /// Those that are there, sorted.
    package let contents: [FileContent]
    /// What uploads left behind.
    package let leftovers: [String]

    /// Lists the contents beside a log; none where there is no folder.
    package init(in storage: any Storage) throws(StorageError) {
        do throws(StorageError) {
            let folder = try storage.folder(ContentName.folder, creating: false)
            let names = try folder.list()
            self.folder = folder
            contents = names.compactMap(ContentName.content).sorted()
            leftovers = names.filter(ContentName.isUpload)
        } catch {
            guard case .notFound = error else { throw error }
            folder = nil
            contents = []
            leftovers = []
        }
    }

    /// Why a content's bytes are not what they should be; nil when they are.
    package func damage(_ content: FileContent) -> Damage? {
        do throws(ContentError) {
            try read(content) { _ in }
            return nil
        } catch {
            return Damage(
                file: ContentName.path(content),
                offset: 0,
                what: error.description,
                consequence: "the files of records that refer to it cannot be read"
            )
        }
    }

    /// The damage that a content is which is not there.
    package static func missing(_ content: FileContent, _ consequence: String) -> Damage {
        Damage(file: ContentName.path(content), offset: 0, what: "the file is missing", consequence: consequence)
    }

    /// The damage that a content is whose copy ended with an error; nil where the error says nothing about the content.
    package static func damage(_ content: FileContent, _ error: ContentError, _ consequence: String) -> Damage? {
        switch error {
        case .notHeld: missing(content, consequence)
        case .incomplete, .wrongHash, .wrongPiece, .unreadable:
            Damage(file: ContentName.path(content), offset: 0, what: error.description, consequence: consequence)
        case .impossibleLength, .tooManyUploads, .unknownUpload, .diskFull, .storage, .closed: nil
        }
    }

    /// Copies a content to an open store, checking it on the way. What is wrong with the content itself has errors of its own
    /// (`damage(_:_:_:)`); all others are the store's.
    package func copy(_ content: FileContent, to store: ContentStore) throws(ContentError) {
        let number = try store.beginUpload(lengthBytes: content.lengthBytes)
        var offset: Int64 = 0
        do throws(ContentError) {
            try read(content) { (bytes) throws(ContentError) in
                try store.append(bytes, at: offset, to: number)
                offset += Int64(bytes.count)
            }
            _ = try store.endUpload(number, expecting: content.hash)
        } catch {
            store.cancelUpload(number)
            throw error
        }
    }

    /// Delivers a content's bytes in order, and proves them.
    private func read(
        _ content: FileContent,
        _ body: (UnsafeRawBufferPointer) throws(ContentError) -> Void
    ) throws(ContentError) {
        guard let folder else { throw .notHeld(content.hash) }
        let memory = AlignedMemory(byteCount: ContentFolder.pieceBytes)
        let hash = SHA256Stream()
        var offset: Int64 = 0
        let file: any StorageFile
        do throws(StorageError) { file = try folder.openForReading(ContentName.text(content)) } catch {
            if case .notFound = error { throw .notHeld(content.hash) }
            throw .unreadable(content.hash, error)
        }
        while true {
            let got: Int
            do throws(StorageError) { got = try file.read(into: memory.bytes, at: UInt64(offset)) } catch {
                throw .unreadable(content.hash, error)
            }
            let bytes = UnsafeRawBufferPointer(memory.bytes.part(0..<got))
            offset += Int64(got)
            guard offset <= content.lengthBytes else {
                throw .wrongPiece(offset: offset, expected: content.lengthBytes, lengthBytes: content.lengthBytes)
            }
            hash.append(bytes)
            try body(bytes)
            if got < memory.bytes.count { break }
        }
        guard offset == content.lengthBytes else {
            throw .incomplete(received: offset, lengthBytes: content.lengthBytes)
        }
        let found = hash.finish()
        guard found == content.hash else { throw .wrongHash(received: found, expected: content.hash) }
    }
}
