r"""Layout is taken from a text before anything is read in it.

How a text is set says nothing of what it means: `**Find**`, `<b>Find</b>`, "### Find"
and "Find" are one. What is layout is the list here (Markdown, HTML, JSON, chat
templates, characters that cannot be seen, lines that were broken); whatever is not on
it stays and is read. `2**3`, `a<b>c`, `x_1`, `|x|` and "C#" stay, because a sign is
layout only where it stands as layout does: emphasis opens behind a space and closes
before one, a tag has the name of a real tag, a bullet begins a line.

A text pays only for what `layout_marks.mark_text` sees in it. Every pattern is run by
an engine without backtracking, in linear time.
"""

import json
import re
from functools import cache, partial
from html import unescape
from itertools import groupby
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.kernels.edge_words import edge_endings, edge_words
from pipeline.kernels.escaped import read_string
from pipeline.kernels.layout_edges import find_edges, find_layout
from pipeline.kernels.layout_lines import blank_lines
from pipeline.kernels.layout_marks import (
    ANGLE,
    DOUBLED,
    ENTITY,
    ESCAPE,
    HYPHEN,
    LABEL,
    LINE,
    OBJECT,
    ODD,
    SHORT_TAG,
    SQUARE,
    STAR,
    TAG,
    TILDE,
    UNDERSCORE,
)
from pipeline.kernels.layout_openings import LABELLED, find_openings
from pipeline.kernels.layout_squares import strip_squares
from pipeline.kernels.markup_tags import BLOCKS, INLINE
from pipeline.kernels.shards import Array, split_shards, text_bytes
from pipeline.kernels.splice import change_where, cut_spans, text_series

LETTERS = "abipqsu"
WORDS = """
user human assistant system instructions? question problem prompt exercise task query q
response answer solution options choices вопрос задача ответ решение pregunta
problema respuesta frage aufgabe antwort domanda pergunta problème exercice réponse
问题 题目 問題 答案 질문 문제 답변 سؤال प्रश्न
"""
# Keys under which an object holds what is asked.
QUESTIONS = ("problem", "question", "prompt", "query", "instruction", "input", "text")
ROLES = "(?:user|assistant|system|model|human)?"
SPACES = [*"\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"]
SPACES += [chr(code) for code in range(0x2000, 0x200B)]
UNSEEN = r"[\p{Default_Ignorable_Code_Point}\p{Cf}]"
MESSAGE = rf"({UNSEEN}{{8,}})"  # written in characters that cannot be seen
END = r"(?-u:\b{end-half})"
# Text in which an underscore is an index: x_1, \\sum_{k}.
INDEXED = r"(?:[^_]|[^\s_]_[\w{\\])*"
FRONT = r"(^|[^\w)\]}*\\$^])"


class Rule(NamedTuple):
    """`pattern` becomes `into` in texts with one of the `marks`."""

    marks: int
    pattern: str
    into: str


def _names(words: str) -> str:
    return "|".join(words.split())


CUT = r"(?:[-\x{2010}]|\x{ad})[ \t]*\r?\n[ \t]*"
BROKEN_LINE = Rule(  # in capitals too: HEX-AGON; Anglo-Saxon keeps its hyphen
    HYPHEN,
    rf"(\p{{L}}\p{{L}}){CUT}(\p{{Ll}}\p{{L}})|(\p{{Lu}}{{2}}){CUT}(\p{{Lu}})",
    "$1$2$3$4",
)
CHARACTERS = (
    Rule(
        ESCAPE, r"(^|[^\\])(?:\\r)?\\n\b{end-half}(?:(?:\\r)?\\n\b{end-half})*", "$1\n"
    ),
    Rule(ESCAPE, r"(^|[^\\])(?:\\r)?\\n([A-Z][^e])", "$1\n$2"),
    BROKEN_LINE,
    Rule(ODD | ENTITY, rf"{MESSAGE}|{UNSEEN}", "$1"),
)
TOKENS = (  # of chat templates, and the roles behind them
    r"<\|(?:im_start|start_header_id|header_start)\|>\s*" + ROLES,
    r"<\|[^|<>\n]{1,40}\|>|<｜[^｜<>\n]{1,40}｜>",
    r"<(?:start|end)_of_turn>\s*" + ROLES,
    r"<<?/?sys>>?|</?[be]os>|<s>\s*\[INST\]|\A\s*<s>|</s>",
)
TAG_END = r"(?:\s[^<>]*|/)?>"
TAGS = (
    Rule(
        TAG,
        rf"(?im){'|'.join(TOKENS)}|</?(?:{_names(BLOCKS)}){TAG_END}|^\s*<p(?:\s[^<>]*)?>",
        "\n",
    ),
    Rule(TAG, rf"(?is)<!--.*?-->|</?(?:{_names(INLINE)}){TAG_END}", ""),
    Rule(SHORT_TAG, r"(?i)<sub(?:\s[^<>]*)?>", "_{"),
    Rule(SHORT_TAG, r"(?i)<sup(?:\s[^<>]*)?>", "^{"),
    Rule(SHORT_TAG, r"(?i)</su[bp]\s*>", "}"),
)
EMPHASIS = (
    Rule(STAR, rf"(?s){FRONT}\*\*(\S|\S.*?\S)\*\*{END}", "$1$2"),
    Rule(STAR, rf"{FRONT}\*([^\s*]|[^\s*][^*]*[^\s*])\*{END}", "$1$2"),
    Rule(UNDERSCORE, rf"(?m)^_([^\s_]{INDEXED} {INDEXED}[^\s_])_$", "$1"),
    Rule(UNDERSCORE, rf"(?s){FRONT}__(\p{{L}}|\p{{L}}.*?[^\s_])__{END}", "$1$2"),
    Rule(UNDERSCORE, rf"{FRONT}_(\p{{L}}|\p{{L}}[^_\n]*[^\s_])_{END}", "$1$2"),
    Rule(TILDE, r"~~([^\s~]|[^\s~][^~]*[^\s~])~~", "$1"),
)
NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,3}){0,2}"
NOTE = r"(?:[ \t]*\([^()\n]{1,40}\))?"  # Problem 5 (hard).
POINTS = r"[\[(][ \t]*[0-9]{1,3}[ \t]*(?:points?|pts?|marks?)\.?[ \t]*[\])][ \t]*"
LABELS = (
    (
        rf"(?im)^[ \t]*(?:(?:{_names(WORDS)})[ \t]*(?:(?:no\.?|#)?[ \t]*{NUMBER})?"
        rf"{NOTE}[ \t]*(?:[:：][ \t]*|\r?$)|q\.[ \t]+|a[:：][ \t]*\r?$"
        rf"|(?:q|question|problem|exercise|example)[ \t]*{NUMBER}{NOTE}[ \t]*[.)]"
        rf"[ \t]+)",
        "",
    ),
)
ROMAN = r"(?:[ivx]{2,5}|[IVX]{2,5})[.)][ \t]+"
NUMBERS = ((rf"(?m)^[ \t]*(?:{POINTS}(?:{ROMAN})?|{ROMAN})", ""),)


@cache
def label_begins() -> Array:
    """Whether a label of three letters or more may begin with these three (bool)."""
    begins = np.zeros((32, 32, 32), np.bool_)  # by 5 bits of each
    for label in (*WORDS.split(), "qno", "example"):
        if label[:3].isascii() and len(label) > 1:
            begins[tuple(ord(letter) & 31 for letter in label[:3])] = True
    return begins


def strip_layout(texts: pl.Series, *, read_objects: bool = True) -> pl.Series:
    """`texts` without their layout; words that it parted stay apart.

    >>> strip_layout(pl.Series(["**Find** <i>x</i>, *not* `y`: 2**3 &lt; x_1"])).item()
    'Find x, not `y`: 2**3 < x_1'
    """
    texts = texts.fill_null("")
    looked = [_look(*text_bytes(part)) for part in split_shards(texts)]
    marks = np.concatenate([np.zeros(0, np.uint16), *(seen for seen, _, _ in looked)])
    begins = np.cumsum([0, *(len(seen) for seen, _, _ in looked)])
    rows = [place + cut for place, (_, cut, _) in zip(begins, looked, strict=False)]
    rows.append(np.flatnonzero(marks))
    if not any(map(len, rows)):
        return texts
    rest = _strip(texts[rows[-1]], marks[rows[-1]])
    bare = pl.concat([*(cut for _, _, cut in looked), rest])
    stripped = texts.clone().scatter(np.concatenate(rows), bare)
    objects = np.flatnonzero(marks & OBJECT) if read_objects else rows[-1][:0]
    if len(objects):
        read = pl.Series([_read_object(text) for text in texts[objects]])
        stripped.scatter(objects, strip_layout(read, read_objects=False))
    return stripped


def _look(data: Array, offsets: Array) -> tuple[Array, Array, pl.Series]:
    """The marks of texts; those without that are cut at an edge, and what is left."""
    marks, spans = find_layout(data, offsets, edge_words(), edge_endings())
    return marks, *_cut_spans(data, offsets, spans)


def _cut_spans(data: Array, offsets: Array, spans: Array) -> tuple[Array, pl.Series]:
    """(rows, what is left of each) of the texts of which `spans` are less than all."""
    is_cut = (spans[:, 0] > offsets[:-1]) | (spans[:, 1] < offsets[1:])
    rows = np.flatnonzero(is_cut)
    return rows, text_series(*cut_spans(data, spans[rows]))


def _read_object(text: str) -> str:
    """What an object of JSON asks, by its keys, or a chat; another text stays."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(row, list):  # the messages of a chat
        said = [turn for turn in row if isinstance(turn, dict)]
        asked = [turn.get("content") for turn in said if turn.get("role") == "user"]
        row = {QUESTIONS[0]: "\n".join(one for one in asked if isinstance(one, str))}
    if not isinstance(row, dict):
        return text
    asked = [row[key] for key in row if key.lower() in QUESTIONS]
    parts = [part for part in asked if isinstance(part, str) and part]
    # An escape may name half of a character, which no column of texts holds.
    return "\n".join(parts).encode("utf-8", "replace").decode() or text


def _strip(texts: pl.Series, marks: Array) -> pl.Series:
    texts = change_where(texts, marks & DOUBLED != 0, _read_strings)
    texts = change_where(texts, marks & ENTITY != 0, _decode_entities)
    texts = _apply(texts, marks, CHARACTERS)
    texts = change_where(texts, marks & (ODD | ENTITY) != 0, _swap_spaces)
    texts = _apply(texts, marks, TAGS)
    texts = change_where(texts, marks & SQUARE != 0, strip_squares)
    texts = change_where(texts, marks & SHORT_TAG != 0, _strip_letter_tags)
    lines = marks & (LINE | STAR | ANGLE | SQUARE | ENTITY | ODD | ESCAPE) != 0
    texts = _apply(texts, marks, EMPHASIS)
    texts = change_where(texts, lines, _strip_lines)
    opens = marks & (LABEL | ANGLE | SQUARE) != 0
    is_label = marks[opens] & LABEL != 0
    texts = change_where(texts, opens, partial(_strip_openings, is_label))
    data, offsets = text_bytes(texts.rechunk())
    spans = find_edges(data, offsets, edge_words(), edge_endings())
    rows, cut = _cut_spans(data, offsets, spans)
    return texts.clone().scatter(rows, cut) if len(rows) else texts


def _read_strings(texts: pl.Series) -> pl.Series:
    """Texts, those that were escaped as JSON is by what they say, stripped."""
    read = pl.Series([read_string(text) for text in texts], dtype=pl.String)
    return change_where(read, (read != texts).to_numpy(), strip_layout)


def _strip_openings(is_label: Array, texts: pl.Series) -> pl.Series:
    """`texts` without what stands before a problem; `is_label` says their marks."""
    found = find_openings(*text_bytes(texts), label_begins())
    texts = change_where(texts, found & LABELLED != 0, partial(replace_all, LABELS))
    # Behind a label that is gone a number may begin the line.
    return change_where(texts, is_label & (found != 0), partial(replace_all, NUMBERS))


def _apply(texts: pl.Series, marks: Array, rules: tuple[Rule, ...]) -> pl.Series:
    for wanted, alike in groupby(rules, key=lambda rule: rule.marks):
        changes = tuple(rule[1:] for rule in alike)
        texts = change_where(texts, marks & wanted != 0, partial(replace_all, changes))
    return texts


def replace_all(changes: tuple[tuple[str, str], ...], texts: pl.Series) -> pl.Series:
    """`texts` with one pattern after the other replaced, in one query."""
    return texts.to_frame("text").select(_replacements(changes)).to_series()


@cache
def _replacements(changes: tuple[tuple[str, str], ...]) -> pl.Expr:
    text = pl.col("text")
    for pattern, into in changes:
        text = text.str.replace_all(pattern, into)
    return text


def _decode_entities(texts: pl.Series) -> pl.Series:
    """`&lt;` is <; an ampersand without a semicolon stays."""
    found = texts.str.extract_all(
        r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    )
    names = found.explode().drop_nulls().unique(maintain_order=True).to_list()
    if not names:
        return texts
    return texts.str.replace_many(names, [unescape(name) for name in names])


def _swap_spaces(texts: pl.Series) -> pl.Series:
    """Plain spaces for all others, and ss for ß, as in Swiss spelling."""
    return texts.str.replace_many([*SPACES, "ß"], [*" " * len(SPACES), "ss"])


def _strip_letter_tags(texts: pl.Series) -> pl.Series:
    """`<i>` is a tag where `</i>` is too: in a<b>c it is a variable."""
    for letter in LETTERS:
        closed = texts.str.contains_any([f"</{letter}>"], ascii_case_insensitive=True)
        into = "\n" if letter == "p" else ""
        tag = rf"(?i)</?{letter}(?:\s[^<>]*)?>"
        change = partial(_rewrite, pattern=tag, into=into)
        texts = change_where(texts, closed.to_numpy(), change)
    return texts


def _rewrite(texts: pl.Series, pattern: str, into: str) -> pl.Series:
    """`texts` with a pattern of which few texts have need replaced, by Python.

    Polars keeps 32 patterns at hand: one more would cost all others.
    """
    changed = [re.sub(pattern, into, text) for text in texts]
    return pl.Series(changed, dtype=pl.String)


def _strip_lines(texts: pl.Series) -> pl.Series:
    data, offsets = text_bytes(texts.rechunk())
    data, offsets = data[offsets[0] : offsets[-1]].copy(), offsets - offsets[0]
    blank_lines(data, offsets)
    return text_series(data, offsets)
