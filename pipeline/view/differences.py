"""Where two texts differ, word by word, and where a span stands in a text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup

from pipeline.view.markup import draw_text

WORD = re.compile(r"\s+|\d+|[^\W\d_]+|.", re.S)
MOST_WORDS = 8_000  # of a text that is compared
OPEN, CLOSE = "⟦", "⟧"  # around what a benchmark item shares with a text


@lru_cache(maxsize=256)
def compare(first: str, second: str) -> tuple[Markup, Markup]:
    """Both texts as HTML, what only one of them holds in <del> and <ins>.

    Texts that are too long are shown without marks.
    """
    from rapidfuzz.distance import Indel

    words, others = WORD.findall(first), WORD.findall(second)
    if first == second or max(len(words), len(others)) > MOST_WORDS:
        return draw_text(first), draw_text(second)
    left, right = [False] * len(words), [False] * len(others)
    for step in Indel.opcodes(words, others):
        if step.tag != "equal":
            left[step.src_start : step.src_end] = [True] * (
                step.src_end - step.src_start
            )
            right[step.dest_start : step.dest_end] = [True] * (
                step.dest_end - step.dest_start
            )
    return _mark(words, left, "del"), _mark(others, right, "ins")


def _mark(words: Sequence[str], differs: Sequence[bool], tag: str) -> Markup:
    pieces = []
    for is_marked, run in groupby(
        zip(differs, words, strict=True), lambda pair: pair[0]
    ):
        text = "".join(word for _, word in run)
        form = f"<{tag}>{{}}</{tag}>" if is_marked and text.strip() else "{}"
        pieces.append(Markup(form).format(text))
    return Markup("").join(pieces)


def mark_brackets(text: str | None) -> Markup:
    """A text in which ⟦…⟧ stand around a span, with the span in <mark>."""
    pieces = []
    for piece in re.split(f"({OPEN}[^{CLOSE}]*{CLOSE})", text or ""):
        if piece.startswith(OPEN) and piece.endswith(CLOSE):
            pieces.append(Markup("<mark>{}</mark>").format(piece[1:-1]))
        else:
            pieces.append(Markup("{}").format(piece))
    return Markup("").join(pieces)


def mark_span(text: str | None, span: str | None) -> Markup:
    """A text with each place in <mark> where it holds `span`, in any case."""
    text = text or ""
    if not span or not span.strip():
        return Markup("{}").format(text)
    words = r"\s+".join(map(re.escape, span.split()))
    pieces = re.split(f"({words})", text, flags=re.I)
    return Markup("").join(
        Markup("<mark>{}</mark>" if number % 2 else "{}").format(piece)
        for number, piece in enumerate(pieces)
    )
