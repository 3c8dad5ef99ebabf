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

STRING = r"""(?:"[^"\n]*"|'[^'\n]*')"""
# A call or an assignment with a string, or a line that opens a block, is a program's.
CALL = rf"""\w(?:\(|\[|[ \t]+=[ \t]+)[^()\n"']{{0,80}}{STRING}"""
BLOCK = (
    r"(?m)^[ \t]*(?:def|class|for|while|if|elif|else|try|except|finally|with)\b"
    r"([^\n]*):[ \t]*\r?\n[ \t]+\S"
)
# In prose two words stand side by side ("with the following:"); in a program one of
# them is a word of the language.
SIDE_BY_SIDE = re.compile(r"\b(\w{2,})[ \t]+(?=(\w{2,}))")
LANGUAGE = {"and", "or", "not", "in", "is", "if", "else", "for", "lambda", "as", "from"}
# What is said of programs: there, a text in quotes is a string.
PROSE = (
    r"(?i)\b(?:programs?|functions?|print(?:s|ed)?|outputs?|strings?|quer(?:y|ies)"
    r"|python|java(?:script)?|code|programme?|funktion|fonction|programa|función"
    r"|funzione|função|cadena|imprim\w+|программ\w+|функци\w+|строк\w+|вывед\w+)\b"
    r"|程序|函数|字符串|输出|プログラム|関数|文字列"
)
QUOTED = re.compile(r"[\"“]([^\"“”\n]*)[\"”]")
# One of these is in such a text, and in few others.
BEFORE = ("(", "[", "=", "= ")
LIKELY = [
    ":\n",
    ": \n",
    ":\r\n",
    "`",
    '"',
    "“",
    *(before + quote for before in BEFORE for quote in "'\""),
]
LITERAL = re.compile(STRING)
OPENS_BLOCK = re.compile(BLOCK)
FENCED = re.compile(r"(?ms)^[ \t]*```[^\n`]*\n(.*?)^[ \t]*```")
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
DRAWING = r"(?is)\[asy\].*?\[/asy\]"  # its labels are read as text


def hash_programs(texts: pl.Series) -> Array:
    r"""Hashes uint64 (texts, 3) of indentation, strings and code; 0: there is none.

    >>> same, deeper = hash_programs(pl.Series(["if a:\n  b\nc", "if a:\n  b\n  c"]))
    >>> bool(same[0] == deeper[0])
    False
    """
    out = np.zeros((len(texts), 3), np.uint64)
    likely = texts.str.contains_any(LIKELY).fill_null(False)
    texts = texts.filter(likely).str.replace_all(DRAWING, "")
    opens, calls, tells = (texts.str.contains(what) for what in (BLOCK, CALL, PROSE))
    readers = (
        (opens, _read_levels),
        (calls | tells, _read_strings),
        (texts.str.contains("`", literal=True), _read_code),
    )
    for column, (found, read) in enumerate(readers):
        said = [repr(read(text) or "") for text in texts.filter(found)]
        hashes = pl.Series(said, dtype=pl.String).hash().to_numpy().copy()
        hashes[np.array(said) == "''"] = 0
        out[np.flatnonzero(likely)[np.flatnonzero(found)], column] = hashes
    return out


def _read_strings(text: str) -> list[str]:
    if re.search(CALL, text):
        return [string[1:-1] for string in LITERAL.findall(text)]
    return QUOTED.findall(text)


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
    parts = re.split(f"({STRING})", code)
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
