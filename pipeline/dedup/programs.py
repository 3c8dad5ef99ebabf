r"""What a program says beside its words: its indentation, its strings, its signs.

A reader of prose skips white space, punctuation and the case of words. In a program
"return s" inside a loop is another one than behind it, `"a  b"` is not `"a b"`, and
`f("3")` is not `f(3)`. So near copies that both hold programs must agree in what these
say.
"""

import re
from html import unescape

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.kernels.spelled_marks import split

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
# One of these is in a text with a block, a call, a string; and in few others.
COLONS, QUOTES = [":\n", ": \n", ":\r\n"], ('"', "`")
CALLS = [before + quote for before in ("(", "[", "=", "= ") for quote in "'\""]
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
    texts = texts.fill_null("")
    likely = texts.str.contains_any([*COLONS, *CALLS])
    for sign in QUOTES:  # one at a time is faster than all at once
        likely |= texts.str.contains(sign, literal=True)
    places, texts = np.flatnonzero(likely), texts.filter(likely)
    opens, calls = (
        _holds(texts, texts.str.contains_any(signs), pattern)
        for signs, pattern in ((COLONS, BLOCK), (CALLS, CALL))
    )
    quoted, ticked = (texts.str.contains(sign, literal=True) for sign in QUOTES)
    tells = texts.str.contains_any(ABOUT_PROGRAMS, ascii_case_insensitive=True)
    for column, found, read in (
        (0, opens, _read_levels),
        (1, calls, lambda text: _read_strings(STRING, text)),
        (1, quoted & tells & ~calls, lambda text: _read_strings(QUOTED, text)),
        (2, ticked, _read_code),
    ):
        parts = [read(_leave_out_drawings(text)) for text in texts.filter(found)]
        hashes = pl.Series([repr(part) for part in parts], dtype=pl.String).hash()
        said = np.array([bool(part) for part in parts], bool)
        out[places[found.to_numpy()][said], column] = hashes.to_numpy()[said]
    return out


def _holds(texts: pl.Series, likely: pl.Series, pattern: str) -> pl.Series:
    """Whether each text holds the `pattern` (bool); only the `likely` ones may."""
    found = texts.filter(likely).str.contains(pattern)
    return likely.clone().scatter(likely.arg_true(), found)


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
