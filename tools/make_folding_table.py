#!/usr/bin/env python3
"""Writes Sources/Engine/Collation/FoldingTable.swift, the folding table of the default collation.

Usage:  tools/make_folding_table.py            rewrites the table
        tools/make_folding_table.py --vectors  prints `text TAB folded` lines, in hex, for the tests

A scalar folds to: compatibility decomposition (NFKD), full case folding, repeated until nothing changes; then marks are
dropped and the extra letters below are replaced. Folding is context-free: each scalar folds by itself.

Dropped: non-spacing marks that are accents, i.e. whose combining class is none of
  0 (vowel signs of Indic scripts), 7 (nukta), 8 (voicing of kana), 9 (virama): those change the word, not its accent;
and the invisible characters in INVISIBLE, which arrive by copy and paste.
Hangul syllables are not in the table: they decompose by arithmetic.

Unique keys and saved index order depend on the table. Whoever changes a rule, or runs this under another Unicode
version, raises VERSION: an index whose collation version differs is rebuilt.
"""
import re
import sys
import unicodedata

VERSION = 1
UNICODE = "14.0.0"

INVISIBLE = [0x00AD, 0x034F, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065),
             *range(0x2066, 0x206A), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xE0100, 0xE01F0)]

# What NFKD leaves alone and people type, or receive from a word processor, in several ways.
EXTRA = {
    "æ": "ae", "œ": "oe", "ø": "o", "þ": "th", "ð": "d", "ı": "i", "ĸ": "k", "ŋ": "n", "ȷ": "j", "ə": "e", "ƿ": "w",
    "‐": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
    "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "ʻ": "'", "´": "'", "`": "`",
    "“": '"', "”": '"', "‟": '"', "„": '"', "«": '"', "»": '"',
    "⁄": "/", "∕": "/",
}


def is_accent(character):
    return unicodedata.category(character) == "Mn" and unicodedata.combining(character) not in (0, 7, 8, 9)


def is_hangul_syllable(scalar):
    return 0xAC00 <= scalar <= 0xD7A3


def base_letter(character):
    """`ħ` (LATIN SMALL LETTER H WITH STROKE) is an h; so for every Latin letter with a hook, a tail, a bar."""
    match = re.fullmatch(r"LATIN SMALL LETTER ([A-Z]) WITH .*", unicodedata.name(character, ""))
    return match.group(1).lower() if match else character


def expand(text):
    while True:
        changed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        if changed == text:
            return text
        text = changed


def fold_scalar(character):
    if character in EXTRA:
        return EXTRA[character]
    expanded = expand(character)
    # `¨` decomposes to a space and a mark; as an accent that stands alone it stays itself, and is no space.
    if len(expanded) > 1 and expanded[0] == " " and all(unicodedata.category(c) == "Mn" for c in expanded[1:]):
        return character
    folded = []
    for c in expanded:
        if is_accent(c) or ord(c) in INVISIBLE:
            continue
        folded.append(EXTRA.get(c) or base_letter(c))
    return "".join(folded)


def fold(text):
    return "".join(fold_scalar(c) for c in text)


def mappings():
    for scalar in range(0x80, 0x110000):
        if 0xD800 <= scalar <= 0xDFFF or is_hangul_syllable(scalar):
            continue
        folded = fold_scalar(chr(scalar))
        if folded != chr(scalar):
            assert fold(folded) == folded, f"U+{scalar:04X}: folding twice differs from folding once"
            yield scalar, folded


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number):
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
        if number == 0:
            return digits


def encoded(table):
    """Runs: `<gap><kind><payload>`, kinds as the head comment of the generated file says."""
    tokens = []
    next_scalar = 0x80
    index = 0
    while index < len(table):
        scalar, folded = table[index]
        token = base36(scalar - next_scalar)
        run = 1
        if len(folded) <= 1:
            delta = ord(folded) - scalar if folded else None
            for step in (1, 2):
                count = 1
                while index + count < len(table):
                    other, other_folded = table[index + count]
                    if other != scalar + step * count or len(other_folded) != len(folded):
                        break
                    if folded and ord(other_folded) - other != delta:
                        break
                    count += 1
                if count > run:
                    run, run_step = count, step
            if run == 1:
                run_step = 1
        if not folded:
            if run_step != 1:
                run = 1
            token += "-" + base36(run)
            next_scalar = scalar + run
        elif len(folded) == 1:
            letter = {1: "+", 2: "*"}[run_step]
            token += letter + base36(run) + "." + base36(ord(folded))
            next_scalar = scalar + (run - 1) * run_step + 1
        else:
            token += "=" + ".".join(base36(ord(c)) for c in folded)
            next_scalar = scalar + 1
        tokens.append(token)
        index += run
    return tokens


HEAD = '''\
// Generated by tools/make_folding_table.py from Unicode {unicode}. Do not edit: change the script.
//
// What each scalar above U+007F folds to, for those {count} that do not fold to themselves (Hangul syllables apart).
// Tokens in order of scalars, separated by spaces; numbers in base 36; `gap` is the distance to the scalar after the
// last one of the token before:
//   gap-n        n scalars fold to nothing
//   gap+n.x      n scalars in a row fold to x, x+1, x+2, …
//   gap*n.x      n scalars, every second one, fold to x, x+2, x+4, …
//   gap=x.y.z    one scalar folds to several

/// The committed data of the default collation.
enum FoldingTable {{
    /// Rises whenever any text folds differently.
    static let version: UInt16 = {version}

    static let tokens: StaticString = """
'''


def main():
    assert unicodedata.unidata_version == UNICODE, f"this Python knows Unicode {unicodedata.unidata_version}"
    table = list(mappings())
    if "--vectors" in sys.argv:
        for scalar, folded in table[::7]:
            print(chr(scalar).encode().hex(), folded.encode().hex(), sep="\t")
        for text in ("Straße", "Ærøskøbing", "ŁÓDŹ", "Đặng Thị Ánh", "İstanbul ISPARTA ıı", "Ὀδυσσεύς", "Ёлка",
                     "ﬁancé №5 ½ ™", "ＦＵＬＬ", "naïve\u200b café", "cafe\u0301", "한국어 각", "がぎぐ ｶﾞ", "हिन्दी",
                     "O’Brien – “x”", "¨ ´ ¸", "日本 𠀀 𝔘", "Smørrebrød", "Þórr", "ǅ Ǆ ǆ", "\u0000\u007f", ""):
            print(text.encode().hex(), fold_text_with_hangul(text).encode().hex(), sep="\t")
        return
    lines, line = [], ""
    for token in encoded(table):
        if len(line) + len(token) > 112:
            lines.append(line)
            line = ""
        line += token + " "
    lines.append(line.rstrip())
    with open("Sources/Engine/Collation/FoldingTable.swift", "w") as out:
        out.write(HEAD.format(unicode=UNICODE, count=len(table), version=VERSION))
        for line in lines[:-1]:
            out.write("        " + line + "\\\n")
        out.write("        " + lines[-1] + "\n        \"\"\"\n}\n")


def fold_text_with_hangul(text):
    return "".join(unicodedata.normalize("NFKD", c) if is_hangul_syllable(ord(c)) else
                   (c.lower() if ord(c) < 0x80 else fold_scalar(c)) for c in text)


if __name__ == "__main__":
    main()
