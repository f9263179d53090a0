import Glibc

/// Finds the files that a mapping names, and makes their identities.
struct ImportFiles: Sendable {
    /// Path of each file of the mapping, in its order.
    let paths: [String]
    let digests: [FileDigest]
    let sizesBytes: [Int]

    /// - Parameter given: folders in which the mapping's names are looked up, and files that are meant by their last
    ///   part. `a.csv` also finds `a.csv.gz`, and the other way round.
    init(_ mapping: ImportMapping, given: [String]) throws(ImportError) {
        for path in given where access(path, F_OK) != 0 {
            throw ImportError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        var paths: [String] = []
        var digests: [String: FileDigest] = [:]
        var sizesBytes: [Int] = []
        for file in mapping.files {
            guard let path = Self.find(file.file, in: given) else {
                throw ImportError(
                    .file,
                    "\(file.file) (line \(file.line) of the mapping) is not in \(given.joined(separator: ", "))"
                )
            }
            paths.append(path)
            sizesBytes.append(try ByteSource(path: path).fileBytes)
            if digests[path] == nil { digests[path] = try FileDigest(path: path) }
        }
        self.paths = paths
        self.digests = paths.compactMap { digests[$0] }
        self.sizesBytes = sizesBytes
    }

    private static func find(_ name: String, in given: [String]) -> String? {
        let other = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name + ".gz"
        for wanted in [name, other] {
            for path in given {
                if isFolder(path) {
                    let inside = path.hasSuffix("/") ? path + wanted : path + "/" + wanted
                    if access(inside, F_OK) == 0 { return inside }
                } else if lastPart(path) == lastPart(wanted), access(path, F_OK) == 0 {
                    return path
                }
            }
        }
        return nil
    }

    private static func lastPart(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
