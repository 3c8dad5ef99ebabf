r"""What a program says beside its words: its indentation, its strings, its signs.

A reader of prose skips white space, punctuation and the case of words. In a program
"return s" inside a loop is another one than behind it, `"a  b"` is not `"a b"`, and
`f("3")` is not `f(3)`. So near copies that both hold programs must agree in what these
say.
"""

import re
from functools import partial
from html import unescape

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.kernels import program_signs as signs_of
from pipeline.kernels.program_signs import find_signs
from pipeline.kernels.shards import text_bytes
from pipeline.kernels.spelled_words import split

IN_QUOTES = r"""(?:"[^"\n]*"|'[^'\n]*')"""
# A call or an assignment with a string, or a line that opens a block, is a program's.
CALL = rf"""\w(?:\(|\[|[ \t]+=[ \t]+)[^()\n"']{{0,80}}{IN_QUOTES}"""
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
QUOTED = re.compile(r"[\"“][^\"“”\n]*[\"”]")
STRING = re.compile(IN_QUOTES)
OPENS_BLOCK = re.compile(BLOCK)
FENCED = re.compile(r"(?ms)^[ \t]*```[^\n`]*\n(.*?)^[ \t]*```")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
DRAWING = re.compile(r"(?is)\[asy\].*?\[/asy\]")


def hash_programs(texts: pl.Series) -> Array:
    r"""Hashes uint64 (texts, 3) of indentation, strings and code; 0: there is none.

    >>> same, deeper = hash_programs(pl.Series(["if a:\n  b\nc", "if a:\n  b\n  c"]))
    >>> bool(same[0] == deeper[0])
    False
    """
    out = np.zeros((len(texts), 3), np.uint64)
    signs = find_signs(*text_bytes(texts))
    places, signs = np.flatnonzero(signs), signs[signs != 0]
    if not len(places):
        return out
    texts = texts.gather(pl.Series(places, dtype=pl.UInt32))
    is_string, calls = (signs & bit != 0 for bit in (signs_of.STRING, signs_of.CALL))
    calls[calls] = texts.filter(calls).str.contains(CALL)
    tells = texts.str.contains_any(ABOUT_PROGRAMS, ascii_case_insensitive=True)
    quoted = tells & texts.str.contains('"', literal=True)
    held = texts.to_list()
    for column, found, read in (
        (0, signs & signs_of.BLOCK != 0, _read_levels),
        (1, calls, partial(_read_strings, STRING)),
        (1, is_string & quoted.to_numpy() & ~calls, partial(_read_strings, QUOTED)),
        (2, signs & signs_of.CODE != 0, _read_code),
    ):
        rows = np.flatnonzero(found)
        parts = [read(_leave_out_drawings(held[row])) for row in rows]
        said = [place for place, part in enumerate(parts) if part]
        hashes = pl.Series([repr(part) for part in parts], dtype=pl.String).hash()
        out[places[rows[said]], column] = hashes.to_numpy()[said]
    return out


def have_same_programs(texts: pl.Series, first: Array, second: Array) -> Array:
    """Whether what programs say in pairs of texts, where both do, agrees (bool)."""
    involved = np.zeros(len(texts), bool)
    involved[first] = involved[second] = True
    signs = np.zeros(len(texts), np.uint8)
    signs[involved] = find_signs(*text_bytes(texts.filter(pl.Series(involved))))
    agree = np.asarray(signs[first] & signs[second] == 0)
    both = np.stack([first[~agree], second[~agree]])
    rows, places = np.unique(both, return_inverse=True)
    said = hash_programs(texts.gather(pl.Series(rows, dtype=pl.UInt32)))
    left, right = said[places.reshape(both.shape)]
    agree[~agree] = ((left == right) | (left == 0) | (right == 0)).all(axis=1)
    return agree


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


def _read_levels(text: str) -> list[int]:
    """How many blocks each line is inside of; lines at none count as one.

    None where only prose ends in a colon before a deeper line.
    """
    if all(_is_prose(opening[1]) for opening in OPENS_BLOCK.finditer(text)):
        return []
    levels = [0]
    stack = [0]
    for line in text.expandtabs(4).splitlines():
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
