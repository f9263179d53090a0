// Names as words: of people and things, and of companies without their legal forms.

import Engine

/// Brings names into their forms. One thread; reused, so that it allocates once.
struct NameWords {
    /// Words as quick find has them, but whole: a Chinese, Japanese or Thai name is a single one, and a long code too.
    private var cutter = WordCutter(wordBytesMax: FindLimits.textScanBytesMax)

    init() {}

    /// Appends the words of a text with a blank between them; false, with nothing appended, where it has none.
    mutating func form(_ text: String, isSorted: Bool, into bytes: inout [UInt8]) -> Bool {
        Self.append(isSorted ? words(text).sorted(by: Self.isBefore) : words(text), to: &bytes)
    }

    /// The same without the legal forms of companies, and without `the` and `and`: `The Acme Trading Co., Inc.` is `acme trading`. A name of
    /// nothing else keeps its first word.
    mutating func companyForm(_ text: String, into bytes: inout [UInt8]) -> Bool {
        var words = Self.joined(words(text))
        while words.count > 1, let last = words.last, Self.legalForms.contains(last) { words.removeLast() }
        // Sp. z o.o.
        if words.count > 2, words[words.count - 1] == Self.zoo, words[words.count - 2] == Self.sp {
            words.removeLast(2)
        }
        while words.count > 1, let first = words.first, Self.leadingForms.contains(first) { words.removeFirst() }
        let named = words.filter { !Self.fillers.contains($0) }
        return Self.append((named.isEmpty ? words : named).sorted(by: Self.isBefore), to: &bytes)
    }

    private mutating func words(_ text: String) -> [ArraySlice<UInt8>] {
        var text = text
        text.withUTF8 { cutter.cut(UnsafeRawBufferPointer($0), joinsNumbers: false) }
        return cutter.words.map { cutter.bytes[$0] }
    }

    /// Letters with points between them are one word: `g.m.b.H.`, `S.A.`, `I.B.M.`
    private static func joined(_ words: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        var joined: [ArraySlice<UInt8>] = []
        var wasLetter = false
        for word in words {
            let isLetter = word.count == 1 && word.first.map { $0 &- 0x61 < 26 } == true
            if isLetter && wasLetter {
                joined[joined.count - 1] = ArraySlice(Array(joined[joined.count - 1]) + word)
            } else {
                joined.append(word)
            }
            wasLetter = isLetter
        }
        return joined
    }

    private static func append(_ words: [ArraySlice<UInt8>], to bytes: inout [UInt8]) -> Bool {
        for (index, word) in words.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: " ")) }
            bytes += word
        }
        return !words.isEmpty
    }

    private static func isBefore(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        a.lexicographicallyPrecedes(b)
    }

    private static func words(_ list: String) -> Set<ArraySlice<UInt8>> {
        Set(list.split(separator: " ").map { ArraySlice(Array($0.utf8)) })
    }

    private static let fillers = words("the and und et y i og och")

    private static let sp = ArraySlice("sp".utf8)
    private static let zoo = ArraySlice("zoo".utf8)

    /// Legal forms as they stand at the end of names, folded and without points.
    private static let legalForms = words(
        """
        inc incorporated corp corporation co company cos ltd limited llc llp lllp lp plc pllc pc na cic \
        gmbh mbh ggmbh ag kg kgaa ohg ug gbr ev eg ek ekfr partg partgmbb gesmbh haftungsbeschrankt \
        sa sas sasu sarl eurl snc scs sca sci scop sl slu slne srl srls spa sapa sc se scrl scarl scpa \
        bv nv vof cv bvba sprl asbl vzw ab hb kb as asa ans da nuf aps is amba oy oyj ky tmi ou \
        sia uab spj spzoo sro akc kft zrt nyrt kkt doo dd ad ead eood ood jsc ojsc cjsc pjsc \
        ooo oao zao pao kk gk pty proprietary pte pvt private bhd sdn berhad tbk cc ltda ltd eirl sapi de rl lda
        """
    )

    /// Those that stand in front of names.
    private static let leadingForms = words("ooo oao zao pao ojsc pjsc jsc pt uab sia ооо оао зао пао ао ип тов")
}
