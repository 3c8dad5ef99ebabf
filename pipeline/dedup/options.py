"""Multiple choice with its options in another order: the same question.

The letter of the right option is then another one, and what it stands for the same. So
options are compared sorted and without their letters, and an answer by what it names.
"""

import re

import numpy as np
import polars as pl

from pipeline.dedup.changes import compare_texts
from pipeline.dedup.pairs import Array

OPTION = re.compile(r"(?:^|(?<=\s))[(\[]?([A-J])[).\]:]\s+")
LETTER = re.compile(r"\W*(?:\\text\{)?\W*([A-J])\b\W*")
SECOND_OPTION = r"(?:^|\s)[(\[]?B[).\]:]\s"  # is in a text with options


def have_same_options(rows: pl.DataFrame, first: Array, second: Array) -> Array:
    """Whether pairs are one question with its options in another order (bool)."""
    from pipeline.kernels.edit_rest import EQUAL
    from pipeline.kernels.layout import strip_layout

    out = np.zeros(len(first), bool)
    likely = np.zeros(rows.height, bool)
    likely[first] = likely[second] = True
    problems = rows["problem"].filter(pl.Series(likely))
    likely[likely] = problems.str.contains(SECOND_OPTION).fill_null(False).to_numpy()
    asked, read = [], []
    for pair in np.flatnonzero(likely[first] & likely[second]):
        left, right = (
            sort_options(*rows.row(int(side[pair]))[:2]) for side in (first, second)
        )
        if left and right and (left[1] == right[1] or not (left[1] and right[1])):
            asked.append(pair)
            read += [left[0], right[0]]
    if asked:
        texts, even = strip_layout(pl.Series(read)), np.arange(0, len(read), 2)
        never = np.zeros(len(even), bool)
        out[asked] = compare_texts(texts, even, even + 1, never) == EQUAL
    return out


def sort_options(text: str, answer: str | None) -> tuple[str, str | None] | None:
    r"""The question with its options sorted, and what the answer stands for.

    None where the text has no options A, B and so on.

    >>> sort_options("Which is odd? (A) 2 (B) 4 (C) 1", "C")
    ('Which is odd? \n1\n2\n4', '1')
    """
    marks = list(OPTION.finditer(text))
    letters = "".join(mark[1] for mark in marks)
    if len(marks) < 2 or letters != "ABCDEFGHIJ"[: len(marks)]:
        return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    options = [
        text[mark.end() : end].strip().rstrip(".,;")
        for mark, end in zip(marks, ends, strict=True)
    ]
    if letter := LETTER.fullmatch(answer or ""):
        place = letters.find(letter[1])
        answer = options[place] if place >= 0 else answer
    return "\n".join([text[: marks[0].start()], *sorted(options)]), answer
