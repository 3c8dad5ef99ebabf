r"""Patterns are only run where something was seen that they may match.

Texts are put together of what layout is made of, so that most patterns match in some.
"""

from functools import partial

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import layout
from pipeline.kernels.layout import replace_all
from pipeline.kernels.layout_marks import (
    ENTITY,
    ESCAPE,
    HYPHEN,
    LABEL,
    LINE,
    UNDERSCORE,
    mark_text,
)
from pipeline.kernels.layout_openings import LABELLED, NUMBERED, find_openings
from pipeline.kernels.shards import Array, text_bytes

PARTS = (
    "\n", "\r\n", " ", "  ", "\t", "x", "ab", "Find", "é", "你", "5", "12", "(", ")",
    "[", "]", ".", ":", "#", "-", "_", "__", "*", "&", ";", "&lt;", "&#x3c;", "&#95;",
    "\\", "$", "\\n", "\u00ad", "\u2010", "\u200b", "<b>", "</b>", "points", "pts",
    "mark", "ii", "IV", "xi)", "Q", "q.", "A:", "a：", "Problem", "QUESTION", "Answer",
    "Aufgabe", "задача", "问题", "no.", "example", "user",
)  # fmt: skip
LAYOUT = (
    "\nIV. ", "\nxi) ", "\n[5 points] ", "\n( 12 pts) ", "\nQ. ", "\nproblem 5. ",
    "\na:\n", "ab-\nab", "ab\u2010 \r\n ab", " _Find x_ ", "(__ab__)", "\n_5 x_\n",
    "&lt;", "&#x3c;",
)  # fmt: skip
beside = st.lists(st.sampled_from(PARTS), max_size=3).map("".join)
texts = st.tuples(beside, st.sampled_from(LAYOUT), beside).map("".join)


def changes(pattern: str, text: pl.Series) -> bool:
    return bool((replace_all(((pattern, "\0"),), text) != text).item())


def look(text: str) -> tuple[pl.Series, tuple[Array, Array]]:
    column = pl.Series(["before", text, "behind"])
    return column[1:2], text_bytes(column)


@given(texts)
def test_openings_are_seen_wherever_a_pattern_finds_one(text: str):
    column, data = look(text)
    found = find_openings(*data, layout.label_begins())[1]
    finds = partial(changes, text=column)

    assert found & LABELLED or not finds(layout.LABELS[0][0])
    assert found & NUMBERED or not finds(layout.NUMBERS[0][0])


@given(texts)
def test_marks_are_seen_wherever_a_pattern_finds_one(text: str):
    column, data = look(text)
    marks = mark_text(data[0], *data[1][1:3])
    finds = partial(changes, text=column)

    assert marks & (HYPHEN | ESCAPE) or not finds(layout.BROKEN_LINE.pattern)
    if not marks & ENTITY:
        assert layout._decode_entities(column).equals(column)
    if marks & ~(LINE | LABEL) == 0:  # nothing is gone before it is looked for
        rules = [rule for rule in layout.EMPHASIS if rule.marks == UNDERSCORE]
        assert not any(finds(rule.pattern) for rule in rules)
