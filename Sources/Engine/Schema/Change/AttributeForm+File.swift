// The form of files: `type: file, maximum: 10485760, types: [application/pdf, image/*]`.

extension AttributeForm {
    /// Bytes that a file may have where nothing is said.
    private static let fileBytesMax = 32 << 20

    static let file = AttributeForm(name: "file", parameters: [.maximum, .types]) { form throws(FormError) in
        let bytesMax = try form.whole(
            .maximum,
            1...Int(FileReference.lengthBytesMax),
            otherwise: fileBytesMax
        )
        let type = AttributeType.file(bytesMax: Int64(bytesMax), contentTypes: form.given[.types] ?? [])
        guard type.isSoundFile else {
            throw FormError(
                message:
                    "'types' are up to \(AttributeType.fileTypeCountMax) content types, each once: application/pdf, image/*."
            )
        }
        return type
    } given: { type, _ in
        guard case .file(let bytesMax, let contentTypes) = type else { return nil }
        return [.maximum: ["\(bytesMax)"]].merging(contentTypes.isEmpty ? [:] : [.types: contentTypes]) { a, _ in a }
    }
}

extension AttributeType {
    /// Content types that a file attribute may list.
    static let fileTypeCountMax = 32

    /// Whether a file attribute's bounds make sense.
    var isSoundFile: Bool {
        guard case .file(let bytesMax, let contentTypes) = self else { return false }
        return 1...FileReference.lengthBytesMax ~= bytesMax && contentTypes.count <= AttributeType.fileTypeCountMax
            && Set(contentTypes).count == contentTypes.count
            && contentTypes.allSatisfy { FileReference.isContentType($0, mayBePattern: true) }
    }
}
