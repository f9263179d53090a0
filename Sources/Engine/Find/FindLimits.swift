/// Bounds of quick find, each with its reason (docs/find.md).
public enum FindLimits {
    /// Bytes of a search text: a screen's line, many times over.
    public static let textBytesMax = 1024
    /// Words of a search text: each one may cost a walk through an index.
    public static let wordCountMax = 16
    /// Records that a search gives back.
    public static let resultCountMax = 1000
    /// Bytes of a hit's name and of its text: a line of a list.
    package static let hitTextBytesMax = 256
    /// Words of one text that are searched, so that a letter in a description costs a write no more than a short text.
    package static let textWordCountMax = 128
    /// Bytes of one text that are looked at: as many words of the longest kind.
    package static let textScanBytesMax = 128 * wordBytesMax
    /// Folded bytes of a word that count: 64 Latin letters, 21 Chinese characters.
    package static let wordBytesMax = 64
    /// Bytes of a search text's word from which on it may stand inside of a word.
    package static let infixBytesMin = 3
    /// Characters of a search text's word from which on it may be mistyped.
    package static let typoCharactersMin = 4
    /// Candidates that are judged one by one instead of walking postings in order: some milliseconds.
    package static let candidateCountMax = 4096
}
