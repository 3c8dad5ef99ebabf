"""Texts that were pasted with what stood around their lines, by what the lines say.

A patch puts a sign before each line, a listing a number, and XML its brackets around a
text. Otherwise every line would begin with a sign or a number of its own.
"""

import re

import numpy as np
import polars as pl

from pipeline.kernels.escaped import read_escaped
from pipeline.kernels.splice import change_where

CDATA, CDATA_END = "<![CDATA[", "]]>"
HUNK = re.compile(r"(?m)^@@ -[0-9].*$")
NUMBER = re.compile(r"[ \t]*([0-9]{1,4})[:|.)]?(?:[ \t]{1,2}|$)")
PROSE = re.compile(r"[^\W\d_]")
MARKED = r"<!\[CDATA\[|@@ -[0-9]"
NUMBERED = r"\A[ \t]*1[:|.)]?[ \t][^\n]*\n[ \t]*2[:|.)]?[ \t]"


def read_contents(texts: pl.Series) -> pl.Series:
    """`texts`, those that are values of JSON or were pasted, by what they say."""
    return read_pasted(read_escaped(texts))


def read_pasted(texts: pl.Series) -> pl.Series:
    r"""`texts` without what was put around their lines.

    >>> read_pasted(pl.Series(["@@ -0,0 +1,2 @@\n+Find x\n+if 2x = 6."])).item()
    'Find x\nif 2x = 6.'
    """
    marked = texts.str.contains(MARKED) | texts.str.contains(NUMBERED)
    where = np.asarray(marked.fill_null(False).to_numpy())
    return change_where(texts, where, _read_all)


def _read_all(texts: pl.Series) -> pl.Series:
    return pl.Series([_read(text) for text in texts], dtype=pl.String)


def _read(text: str) -> str:
    text = _open_sections(text)
    if hunk := HUNK.search(text):  # what a patch takes away stays as it was
        lines = text[hunk.end() + 1 :].split("\n")
        text = "\n".join(line[1:] for line in lines if not HUNK.match(line))
    return _leave_out_numbers(text)


def _open_sections(text: str) -> str:
    """`text` with CDATA sections as lines; a pattern would take the square of it."""
    out, at = list[str](), 0
    while (start := text.find(CDATA, at)) >= 0 and (
        end := text.find(CDATA_END, start)
    ) >= 0:
        out += [text[at:start], "\n", text[start + len(CDATA) : end], "\n"]
        at = end + len(CDATA_END)
    return "".join([*out, text[at:]])


def _leave_out_numbers(text: str) -> str:
    """`text` less the numbers of its lines, if all have one and most hold words."""
    lines = text.split("\n")
    marks = [NUMBER.match(line) for line in lines]
    if [mark and int(mark[1]) for mark in marks] != [*range(1, len(lines) + 1)]:
        return text
    rest = [line[mark.end() :] for line, mark in zip(lines, marks, strict=True) if mark]
    words = sum(bool(PROSE.search(line)) for line in rest)
    return "\n".join(rest) if 2 * words > len(rest) else text
