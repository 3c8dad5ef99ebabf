r"""What a program says beside its words: its indentation, its strings, its signs.

A reader of prose skips white space, punctuation and the case of words. In a program
"return s" inside a loop is another one than behind it, `"a  b"` is not `"a b"`, and
`f("3")` is not `f(3)`. So near copies that both hold programs must agree in what these
say.
"""

import re
from functools import partial
from html import unescape
from textwrap import dedent

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.kernels import program_signs as signs_of
from pipeline.kernels.program_signs import find_signs
from pipeline.kernels.shards import text_bytes
from pipeline.kernels.spelled_words import split

HOLDS = np.uint8(signs_of.BLOCK | signs_of.STRING | signs_of.CODE | signs_of.CALL)
IN_QUOTES = r"""(?:"[^"\n]*"|'[^'\n]*')"""
# A call or an assignment with a string, or a line that opens a block, is a program's.
CALL = re.compile(rf"""[\w'"](?:\(|\[|[ \t]+=[ \t]+)[^()\n"']{{0,80}}{IN_QUOTES}""")
BLOCK = (
    r"(?m)^[ \t]*(?:def|class|for|while|if|elif|else|try|except|finally|with)\b"
    r"([^\n]*):[ \t]*\r?\n[ \t]+\S"
)
# In prose two words stand side by side ("with the following:"); in a program one of
# them is a word of the language.
SIDE_BY_SIDE = re.compile(r"\b(\w{2,})[ \t]+(?=(\w{2,}))")
LANGUAGE = {"and", "or", "not", "in", "is", "if", "else", "for", "lambda", "as", "from"}
# Parts of words that are said of programs: beside them, a text in quotes is a string.
ABOUT_PROGRAMS = split(
    """
    program function print output string query queries python java code funktion
    fonction programa función funzione função cadena imprim программ функци строк вывед
    程序 函数 字符串 输出 プログラム 関数 文字列
"""
)
# In single quotes, only what holds no letter: the others are apostrophes too.
QUOTED = re.compile(r"[\"“][^\"“”\n]*[\"”]|(?<!\w)'[^\w'\n]{1,8}'(?!\w)")
STRING = re.compile(IN_QUOTES)
CALLED = re.compile(r"\b(\w+)(\([^()\n]{0,160}\))")
OPENS_BLOCK = re.compile(BLOCK)
INDENTED = re.compile(r"\n[ \t]*\r?\n((?: {4}[^\n]*(?:\n|$)|[ \t]*\r?\n)+)")
FENCED = re.compile(r"(?ms)^[ \t]*```[^\n`]*\n(.*?)^[ \t]*```")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
DRAWING = re.compile(r"(?is)\[asy\].*?\[/asy\]")
# Words whose case is what is to be printed, or a formula: NO is not No.
VERB = r"\b((?i:print|output|return|display|write|say|answer)(?:s|ed|ing)?)\b[ :]+"
PRINTED = rf"{VERB}([A-Za-z]{{2,}})\b"
NITROGEN = r"[a-z,;] (NO|No)\b"
ANSWERS = split("yes no true false possible impossible")
BEFORE = split("rint utput eturn of")
CAPITALS = "|".join(
    [f" {word.upper()}" for word in ANSWERS]
    + [f"{end} {word.title()}" for end in BEFORE for word in ANSWERS]
)


def hash_programs(texts: pl.Series) -> Array:
    r"""Hashes uint64 (texts, 4), 0 for none, of what programs say.

    They are those of indentation, of strings, of code, and of words to be printed.

    >>> same, deeper = hash_programs(pl.Series(["if a:\n  b\nc", "if a:\n  b\n  c"]))
    >>> bool(same[0] == deeper[0])
    False
    """
    signs = find_signs(*text_bytes(texts))
    out = np.zeros((len(texts), 4), np.uint64)
    rows, cased = np.flatnonzero(signs & HOLDS), _find_cased(texts, signs)
    out[rows, :3] = _hash_parts(texts, rows, signs[rows])
    out[cased, 3] = _hash_cases(texts, cased)[:, 0]
    return out


def _hash_parts(texts: pl.Series, rows: Array, signs: Array) -> Array:
    """The first three of `hash_programs`, (rows, 3), of `rows` with these signs."""
    out = np.zeros((len(rows), 3), np.uint64)
    if not len(rows):
        return out
    texts = texts.gather(pl.Series(rows, dtype=pl.UInt32))
    is_string, calls = (signs & bit != 0 for bit in (signs_of.STRING, signs_of.CALL))
    calls[calls] = [CALL.search(text) is not None for text in texts.filter(calls)]
    quoted = is_string & ~calls
    told = texts.filter(quoted)
    quoted[quoted] = told.str.contains_any(ABOUT_PROGRAMS, ascii_case_insensitive=True)
    held = texts.to_list()
    for column, found, read in (
        (0, signs & signs_of.BLOCK != 0, _read_levels),
        (1, calls, partial(_read_strings, STRING)),
        (1, quoted, partial(_read_strings, QUOTED)),
        (2, signs & signs_of.CODE != 0, _read_code),
    ):
        places = np.flatnonzero(found)
        if not len(places):
            continue
        parts = [read(_leave_out_drawings(held[place])) for place in places]
        said = [place for place, part in enumerate(parts) if part]
        hashes = pl.Series([repr(part) for part in parts], dtype=pl.String).hash()
        out[places[said], column] = hashes.to_numpy()[said]
    return out


def have_same_programs(texts: pl.Series, first: Array, second: Array) -> Array:
    """Whether what programs say in pairs of texts, where both do, agrees (bool)."""
    involved = np.zeros(len(texts), bool)
    involved[first] = involved[second] = True
    signs = np.zeros(len(texts), np.uint8)
    signs[involved] = find_signs(*text_bytes(texts.filter(pl.Series(involved))))
    cased = np.zeros(len(texts), bool)
    cased[_find_cased(texts, signs)] = True
    agree = np.ones(len(first), bool)
    for asked, hash_rows in (
        (signs[first] & signs[second] & HOLDS != 0, _hash_parts),
        (cased[first] | cased[second], _hash_cases),
    ):
        both = np.stack([first[asked], second[asked]])
        rows, places = np.unique(both, return_inverse=True)
        left, right = hash_rows(texts, rows, signs[rows])[places.reshape(both.shape)]
        same = (left == right) | (left == 0) | (right == 0)
        agree[asked] &= same.all(axis=1)
    calls = (signs[first] ^ signs[second]) & signs_of.CALL != 0
    for pair in np.flatnonzero(agree & calls):
        agree[pair] = not _quotes_alone(
            texts[int(first[pair])], texts[int(second[pair])]
        )
    return agree


def _quotes_alone(left: str, right: str) -> bool:
    """Whether one text gives a string where the other gives none: f("3"), f(3)."""
    calls = [CALLED.findall(_leave_out_drawings(text)) for text in (left, right)]
    names = [[name for name, _ in side] for side in calls]
    quoted = [[STRING.search(given) is not None for _, given in side] for side in calls]
    return names[0] == names[1] and quoted[0] != quoted[1]


def _find_cased(texts: pl.Series, signs: Array) -> Array:
    """Numbers of the texts that hold one of ANSWERS with a capital."""
    rows = np.flatnonzero(signs & signs_of.CASED)
    if not len(rows):
        return rows
    likely = texts.gather(pl.Series(rows, dtype=pl.UInt32)).str.contains(CAPITALS)
    return np.asarray(rows[likely.to_numpy()])


def _hash_cases(texts: pl.Series, rows: Array, _: Array | None = None) -> Array:
    """The last of `hash_programs`, (rows, 1), of `rows`."""
    if not len(rows):
        return np.zeros((0, 1), np.uint64)
    read = texts.gather(pl.Series(rows, dtype=pl.UInt32))
    found = read.str.extract_all(rf"{PRINTED}|{NITROGEN}").list.join("\n").to_list()
    said = [_read_cases(part) if part else [] for part in found]
    hashes = pl.Series([repr(words) for words in said], dtype=pl.String).hash()
    some = np.array([bool(words) for words in said], bool)
    return np.where(some, hashes.to_numpy(), np.uint64(0))[:, None]


def _read_cases(text: str) -> list[str]:
    words = {
        word
        for verb, word in re.findall(PRINTED, text)
        if not verb.isupper() and (word.isupper() or word.lower() in ANSWERS)
    }
    return sorted(words | {*re.findall(NITROGEN, text)})


def _leave_out_drawings(text: str) -> str:
    """`text` without Asymptote, whose labels are read as text."""
    return DRAWING.sub("", text) if "[asy]" in text.lower() else text


def _read_strings(pattern: re.Pattern[str], text: str) -> list[str]:
    return [string[1:-1] for string in pattern.findall(text)]


def _read_code(text: str) -> list[str]:
    """What stands in fences, and in backticks if it has signs, without white space."""
    blocks = FENCED.findall(text)
    # `one' and `two' are in the quotes of LaTeX.
    inline = [
        part
        for part in INLINE.findall(FENCED.sub("", text))
        if part.count("'") % 2 == 0 and re.search(r"[^\w\s]", part)
    ]
    return [_squeeze(unescape(part)) for part in blocks + inline]


def _squeeze(code: str) -> str:
    """`code` without the white space that is in no string, its quotes made straight."""
    code = re.sub("[“”]", '"', re.sub("[‘’]", "'", code))
    parts = re.split(f"({IN_QUOTES})", code)
    parts[::2] = ["".join(part.split()) for part in parts[::2]]
    return "".join(parts)


def _is_prose(line: str) -> bool:
    pairs = SIDE_BY_SIDE.findall(line)
    return any(not LANGUAGE & {*pair} for pair in pairs)


def _dedent(found: re.Match[str]) -> str:
    """A block of code that Markdown has indented, as it would stand in a fence."""
    before = found.string[: found.start()].rpartition("\n")[2]
    inside = before.startswith(" ") or before.rstrip().endswith(":")
    is_prose = not inside or _is_prose(before)
    return f"\n\n{dedent(found[1])}" if is_prose else found[0]


def _read_levels(text: str) -> list[int]:
    """How many blocks each line is inside of; lines at none count as one.

    None where only prose ends in a colon before a deeper line.
    """
    if all(_is_prose(opening[1]) for opening in OPENS_BLOCK.finditer(text)):
        return []
    levels = [0]
    stack = [0]
    for line in INDENTED.sub(_dedent, text.expandtabs(4)).splitlines():
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        while indent < stack[-1]:
            stack.pop()
        if indent > stack[-1]:
            stack.append(indent)
        level = len(stack) - 1
        if level or levels[-1]:
            levels.append(level)
    return levels if levels[-1] else levels[:-1]
