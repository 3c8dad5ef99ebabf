"""Texts that were pasted with what stood around their lines, by what the lines say.

A patch puts a sign before each line, a listing a number, a comment its sign, subtitles
a time, a mail its equals signs; XML puts brackets around a text, a program its quotes,
and a page with two columns another text beside it. Otherwise every line would begin
with a sign or a number of its own.
"""

import quopri
import re
from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from pipeline.contamination.columns import part_columns
from pipeline.contamination.prefixes import list_bare_lines
from pipeline.kernels import pasted_marks as kinds
from pipeline.kernels.escaped import read_value
from pipeline.kernels.layout import LETTERS
from pipeline.kernels.lookalikes import are_alike, read_lookalikes
from pipeline.kernels.markup_tags import BLOCKS, INLINE
from pipeline.kernels.shards import Array, split_shards, text_bytes
from pipeline.kernels.splice import change_where

CDATA, CDATA_END = "<![CDATA[", "]]>"
HUNK = re.compile(r"(?m)^@@ -[0-9].*$")
NUMBER = re.compile(r"[ \t]*([0-9]{1,4})[:|.)]?(?:[ \t]{1,2}|$)")
PROSE = re.compile(r"[^\W\d_]")
NUMBERED = re.compile(r"[ \t]*1[:|.)]?[ \t][^\n]*\n[ \t]*2[:|.)]?[ \t]")
HEADER = re.compile(r"(?si)(?=.*quoted-printable).*?\n\r?\n")
# Every equals sign of a mail in this encoding begins an escape.
UNQUOTED = re.compile(r"=(?![0-9A-F]{2}|\r?\n)")
QUOTED = re.compile(r"=3D|=[C-E][0-9A-F]=[0-9A-F]{2}")
TIME = r"(?:[0-9]+:)?[0-9]{1,2}:[0-9]{2}(?:[.,][0-9]{1,3})?"
TIMES = re.compile(
    rf"(?m)^(?:WEBVTT.*|(?:[0-9]+[ \t]*\r?\n)?[ \t]*{TIME}[ \t]*-->.*|\[{TIME}\]"
    rf"|{TIME}[ \t]*)(?:\r?\n)*"
)
BLANK_LINES = re.compile(r"\n\s*\n")
TIMED = re.compile(r"\n\[?[0-9]{1,2}:[0-9]{2}")
MANY = 2  # times alone on a line, in any text
PAGE = re.compile(r"\n\s*(?:[0-9]{1,4}\s*)?\x0c\s*(?:[0-9]{1,4}[ \t]*\n\s*)?")
TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)(?:\s[^<>]*)?/?>")
EDGE, EDGES = "\x01", re.compile(r"\s*\x01[\s\x01]*")
KNOWN_TAGS = frozenset([*LETTERS, *(BLOCKS + INLINE).split()])
PARTED = re.compile(  # a string of a program in pieces
    r"([\"'])[ \t]*(?:[+.&\\][ \t]*)?\r?\n[ \t]*(?:[+.&][ \t]*)?[rf]?\1"
)
# An apostrophe as strings of programs and of SQL have it; \'e is an accent.
APOSTROPHE = re.compile(r"(?<=[A-Za-z])(?:\\'(?![aeiouyAEIOUY{])|''(?=[a-z]{1,2}\b))")
# \RR is a set, and \\AB a new line.
CAPITALS = re.compile(
    r"\\(?<!\\\\)(?:(?:BEGIN|END)\{[A-Z*]+\}|(?!([A-Z])\1)[A-Z]{2,})|\[/?ASY\]"
)
# Braces of arguments with a backslash before each, as quizzes and wikis have them.
ARGUMENT = r"(?:[\^_]|\\[dtc]?frac|\\sqrt|\\text\w*|\\math\w+)"
BARE, ESCAPED = (
    re.compile(ARGUMENT + r"\{|(?<!\\)="),
    re.compile(ARGUMENT + r"\\\{|\\="),
)
ESCAPE = re.compile(r"\\([{}=~#:])")
SPOILER = re.compile(r"(?sm)^\|\|(?=[^\s|])(.{1,4000}?[^\s|])\|\|$")
BAR = re.compile(r"\\{1,2}\|")  # a norm, or an escaped bar in the cell of a table
# The rule of a table has a bar before it, or more dashes behind.
DASHES = r":?-{2,}:?"
RULE = re.compile(
    rf"\|[ \t]*(?:{DASHES}[ \t]*\|[ \t]*)+(?:{DASHES})?"
    rf"|(?:{DASHES}[ \t]*\|[ \t]*)+{DASHES}"
)
APART = "\n\x1d\n"  # between readings of a text
STARS = re.compile(r"(?m)^\*{2,6}[ \t]+(?=[^\W\d_])")  # a heading in Org


def read_contents(texts: pl.Series, *, barely: bool = False) -> pl.Series:
    r"""`texts`, those that are values of JSON or were pasted, by what they say.

    What lines share may be of the text: it is left out `barely` in further readings,
    each behind APART, the lines as they are and as they run on.

    >>> read_contents(pl.Series(["@@ -0,0 +1,2 @@\n+Find x\n+if 2x = 6."])).item()
    'Find x\nif 2x = 6.'
    """
    marks = _mark(texts)
    escaped = marks & kinds.ESCAPED != 0
    texts = change_where(texts, escaped, _read_values)
    marks[escaped] = _mark(texts.filter(pl.Series(escaped)))
    shared, marks = marks & kinds.SHARED != 0, marks & IN_PLACE
    texts = change_where(texts, marks != 0, partial(_read_all, marks[marks != 0]))
    return change_where(texts, shared, _add_bare) if barely else texts


def _mark(texts: pl.Series) -> Array:
    parts = [
        kinds.mark_pasted(*text_bytes(part), are_alike())
        for part in split_shards(texts)
    ]
    return np.concatenate([np.zeros(0, np.uint32), *parts])


def _read_values(texts: pl.Series) -> pl.Series:
    return pl.Series([read_value(text) for text in texts.to_list()], dtype=pl.String)


def _add_bare(texts: pl.Series) -> pl.Series:
    pairs = [(text, list_bare_lines(text)) for text in texts]
    read = [
        APART.join([text, "\n".join(bare), " ".join(bare)] if bare else [text])
        for text, bare in pairs
    ]
    return pl.Series(read, dtype=pl.String)


def _read_all(marks: Array, texts: pl.Series) -> pl.Series:
    read = [_read(*each) for each in zip(texts.to_list(), marks.tolist(), strict=True)]
    return pl.Series(read, dtype=pl.String)


def _read(text: str, marks: int) -> str:
    for kind, signs, change in CHANGES:
        if marks & kind:
            for sign in signs:
                if sign in text:
                    changed = change(text)
                    if changed != text:  # nobody has looked for marks in this one
                        text, marks = changed, ANY
                    break
    return text


def _unquote(text: str) -> str:
    """A mail with `=3D` for each equals sign, by what it says."""
    head = HEADER.match(text)
    start = head.end() if head else 0
    if UNQUOTED.search(text, start) or not (head or QUOTED.search(text)):
        return text
    body = quopri.decodestring(text[start:].encode()).decode(errors="replace")
    return text[:start] + body


def _open_sections(text: str) -> str:
    """`text` with CDATA sections as lines; a pattern would take the square of it."""
    out, at = list[str](), 0
    while (start := text.find(CDATA, at)) >= 0 and (
        end := text.find(CDATA_END, start)
    ) >= 0:
        out += [text[at:start], "\n", text[start + len(CDATA) : end], "\n"]
        at = end + len(CDATA_END)
    return "".join([*out, text[at:]])


def _open_tags(text: str) -> str:
    """`text` without tags of any name that is closed; those of HTML are layout."""
    closed = {tag[2] for tag in TAG.finditer(text) if tag[1]} - KNOWN_TAGS
    if not closed:
        return text
    text = TAG.sub(lambda tag: EDGE if tag[2] in closed else tag[0], text)
    return EDGES.sub("\n", text)


def _leave_out_numbers(text: str) -> str:
    """`text` less the numbers of its lines, if all have one and most hold words."""
    if not NUMBERED.match(text):
        return text
    lines = text.split("\n")
    marks = [NUMBER.match(line) for line in lines]
    if [mark and int(mark[1]) for mark in marks] != [*range(1, len(lines) + 1)]:
        return text
    rest = [line[mark.end() :] for line, mark in zip(lines, marks, strict=True) if mark]
    words = sum(bool(PROSE.search(line)) for line in rest)
    return "\n".join(rest) if 2 * words >= len(rest) else text


def _leave_out_patch(text: str) -> str:
    """What a patch puts in or keeps; what it takes away stays as it was."""
    hunk = HUNK.search(text)
    lines = text[hunk.end() + 1 :].split("\n") if hunk else [text]
    return "\n".join(line[1:] for line in lines if not HUNK.match(line))


def _leave_out_times(text: str) -> str:
    if "-->" not in text and len(TIMED.findall(text)) <= MANY:
        return text
    return BLANK_LINES.sub("\n", TIMES.sub("", text))


def _leave_out_rules(text: str) -> str:
    """`text` without rules of tables in the midst of lines; layout reads others."""
    lines = [
        line if "--" not in line else _cut_rules(line) for line in text.split("\n")
    ]
    return "\n".join(lines)


def _cut_rules(line: str) -> str:
    return line if RULE.fullmatch(line) else RULE.sub(" ", line)


def _unescape(text: str) -> str:
    is_escaped = ESCAPED.search(text) and not BARE.search(text)
    return ESCAPE.sub(r"\1", text) if is_escaped else text


def _lower_commands(text: str) -> str:
    """`text` with commands in small letters, if it has any, and its drawings."""
    return CAPITALS.sub(lambda found: found[0].lower(), text) if "\\" in text else text


ANY = -1  # all marks
IN_PLACE = ~np.uint32(kinds.SHARED | kinds.ESCAPED)  # those of CHANGES
# What a text may hold, by its marks and by signs, and what is done to it, in order.
CHANGES: tuple[tuple[int, tuple[str, ...], Callable[[str], str]], ...] = (
    (kinds.ALIKE, ("",), read_lookalikes),
    (kinds.ENCODED, ("=3D", "-printable", "-PRINTABLE"), _unquote),
    (kinds.OPENED, (CDATA,), _open_sections),
    (kinds.PATCHED, ("@@ -",), _leave_out_patch),
    (kinds.TIMED, ("-->", ":"), _leave_out_times),
    (kinds.OPENED, ("</",), _open_tags),
    (kinds.PAGED, ("\f",), partial(PAGE.sub, "\n")),
    (
        kinds.PARTED,
        ('"\n', "'\n", '" +\n', "' +\n"),
        partial(PARTED.sub, ""),
    ),
    (kinds.DOUBLED, ("\\'", "''"), partial(APOSTROPHE.sub, "'")),
    (kinds.BRACED, ("\\{", "\\="), _unescape),
    (kinds.CAPITALS, ("\\",), _lower_commands),
    (ANY, ("[ASY]", "[/ASY]"), _lower_commands),
    (kinds.RULED, ("--|", "-- |", "--:|", "--: |"), _leave_out_rules),
    (kinds.STARRED, ("\n**",), partial(STARS.sub, "")),
    (ANY, ("||",), partial(SPOILER.sub, r"\1")),
    (kinds.BARRED, ("\\|",), partial(BAR.sub, "|")),
    (kinds.PADDED, ("    ",), part_columns),
    (kinds.NUMBERED, ("1",), _leave_out_numbers),
)
