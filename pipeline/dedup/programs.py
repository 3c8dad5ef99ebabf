r"""What a program says beside its words: how its lines are indented, and its strings.

A reader of prose skips white space, punctuation and the case of words. In a program
"return s" inside a loop is another one than behind it, and `"a  b"` is not `"a b"`. So
near copies that hold programs must agree in both.
"""

import re

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array

STRING = r"""(?:"[^"\n]*"|'[^'\n]*')"""
# A call or an assignment with a string, or a line that opens a block, is a program's.
CALL = rf"""\w(?:\(|\[|[ \t]+=[ \t]+)[^()\n"']{{0,80}}{STRING}"""
BLOCK = (
    r"(?m)^[ \t]*(?:def|class|for|while|if|elif|else|try|except|finally|with)\b"
    r"[^\n]*:[ \t]*\r?\n[ \t]+\S"
)
# One of these is in such a text, and in few others.
BEFORE = ("(", "[", "=", "= ")
LIKELY = [
    ":\n",
    ": \n",
    ":\r\n",
    *(before + quote for before in BEFORE for quote in "'\""),
]
LITERAL = re.compile(STRING)
DRAWING = r"(?is)\[asy\].*?\[/asy\]"  # its labels are read as text


def hash_programs(texts: pl.Series) -> Array:
    r"""A uint64 for the indentation and strings of a text; 0 where it has no program.

    >>> same, deeper = hash_programs(pl.Series(["if a:\n  b\nc", "if a:\n  b\n  c"]))
    >>> bool(same == deeper)
    False
    """
    out = np.zeros(len(texts), np.uint64)
    likely = texts.str.contains_any(LIKELY).fill_null(False)
    texts = texts.filter(likely).str.replace_all(DRAWING, "")
    has_block, has_call = texts.str.contains(BLOCK), texts.str.contains(CALL)
    found = has_block | has_call
    said = [
        repr((block and _read_levels(text), call and _read_strings(text)))
        for text, block, call in zip(
            texts.filter(found), has_block.filter(found), has_call.filter(found),
            strict=True,
        )
    ]  # fmt: skip
    places = np.flatnonzero(likely.to_numpy())[found.to_numpy()]
    out[places] = pl.Series(said, dtype=pl.String).hash().to_numpy()
    return out


def _read_strings(text: str) -> list[str]:
    return [string[1:-1] for string in LITERAL.findall(text)]


def _read_levels(text: str) -> list[int]:
    """How many blocks each line is inside of; lines at none count as one."""
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
