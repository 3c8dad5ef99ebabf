r"""Ways to write one thing that only a look at both texts can tell for one.

"cows - 18 of them -" may hold a minus; beside "cows—18 of them—" it holds dashes. A
drawing may hold data; beside the same words without it, it shows what they say. So the
texts of a pair that is no copy yet are written alike, where one has what the other
writes in another way, and are compared once more.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.kernels.spelled_words import split

DRAWING = (
    r"(?is)\[asy\].*?\[/asy\]|\\begin\{(?:asy|tikzpicture|picture)\}.*?"
    r"\\end\{(?:asy|tikzpicture|picture)\}"
)
# Who says so needs the drawing, and what it shows is not said in words.
SHOWN = (
    r"(?i)\b(?:figures?|diagrams?|shown|pictured?|drawing|below|above|shaded|graph|"
    r"illustrated|depicted|sketch)\b"
)
IN_TEXT = r"(?:\\(?:text|textrm|textit|mathrm|rm)\b\s*)?"
RAISED = rf"\^\{{?\s*{IN_TEXT}\{{?\s*(?:st|nd|rd|th)\b\s*\}}*"
ORDINAL = rf"\$\s*\w+\s*(?:\$\s*-?\s*(?:st|nd|rd|th)\b|{RAISED}\s*\$)|\b\w+{RAISED}"
ORDINAL += r"|\$?\b[a-z]\$?-th\b"
ABOUT = r"(?:[ \t]+(?:format|specification|data|description|file))?"
HEADING = (
    rf"(?im)^[ \t#*_>-]*(?:(?:sample|example)[ \t]+)?(?:in|out)puts?{ABOUT}"
    r"(?:[ \t]*#?[0-9]+)?[ \t#*_]*(?::[ \t*_]*|$)"
    r"|^[ \t#*_>-]*(?:problem[ \t]+)?(?:description|statement|task|examples?|samples?"
    r"|sample tests?|notes?|constraints?)(?:[ \t]*#?[0-9]+)?[ \t#*_:]*$"
)
# A table whose head is parted by `--- | ---`, without bars at the ends of its lines.
TABLE = (
    r"(?m)^[^|\n]+(?:\|[^|\n]+)+\n[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+$"
    r"(?:\n[^|\n]+(?:\|[^|\n]+)+$)*"
)
SEGMENT = r"\\(?:overline|bar)\s*\{?\s*([A-Z]{2})\b\s*\}?"
LENGTHS = (
    r"(?i)triangle|segment|chord|circle|midpoint|quadrilateral|rectangle|square|"
    r"trapezoid|parallelogram|rhombus|polygon|diameter|parallel|perpendicular"
)
TRIANGLE = r"(?:\\Delta|Δ)\s*([A-Z]{3})\b"
LIST = r"\\\[([ \t]*[\d\"'\[-][^\\\n]{0,400})\\\]"
DASH = r"([^\W\d_]{3}) [-–] ([\w$])|([\w$%)]) [-–] ([^\W\d_]{2})"
DOTS = "[·⋅•]{3,}"
POINTS = r"\b[A-Z]{2,4}\b"
POINT = r"\b(?!A [a-z])[A-Z]{1,4}\b"
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
UMLAUT = f"[{''.join(UMLAUTS)}]"


class Respelling(NamedTuple):
    """`change` is made to both texts where `marker` finds other things in them.

    It is looked for in texts with one of `signs`. With `beside`, only where it finds
    nothing in one of them and `beside` is there.
    """

    signs: tuple[str, ...]
    marker: str
    change: Callable[[str], str]
    beside: str | None = None


def _spell_umlauts(text: str) -> str:
    return re.sub(UMLAUT, lambda found: UMLAUTS[found[0]], text)


def _spell_ordinals(text: str) -> str:
    r"""`$n^{\text{th}}$` as nth."""

    def spell(found: re.Match[str]) -> str:
        return re.sub(r"\\[a-z]+|\W", "", found[0])

    return re.sub(ORDINAL, spell, text)


def _spell_headings(text: str) -> str:
    def spell(found: re.Match[str]) -> str:
        side = re.search("(?i)input|output", found[0])
        return f"{side[0].lower()}: " if side else ""

    return re.sub(HEADING, spell, text)


def _leave_out_bars(text: str) -> str:
    def blank(found: re.Match[str]) -> str:
        head, _, *rows = found[0].split("\n")
        return "\n".join([head, *rows]).replace("|", " ")

    return re.sub(TABLE, blank, text)


def _leave_out_dashes(text: str) -> str:
    return re.sub(DASH, lambda found: ", ".join(filter(None, found.groups())), text)


def _leave_out_overlines(text: str) -> str:
    return re.sub(SEGMENT, r"\1", text) if re.search(LENGTHS, text) else text


def number_points(text: str) -> str:
    """`text` with its points called A, B, C as they come: triangle PQR is ABC.

    Only if each letter is in two names or more, as in ABC, AB and A: DNA is none.
    """
    names = re.findall(POINT, text)
    letters = "".join({*names})
    if len(letters) == len({*names}) or any(
        letters.count(letter) < 2 for letter in letters
    ):
        return text
    order = dict.fromkeys("".join(names))
    table = dict(zip(order, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False))
    return re.sub(POINT, lambda name: "".join(table[one] for one in name[0]), text)


IN_DRAWINGS = ("[asy]", r"\begin{asy", r"\begin{tikz", r"\begin{pict")
IN_ORDINALS = split("-th $th $st $nd $rd {th {st {nd {rd ^th")
IN_HEADINGS = split(
    "nput utput NPUT UTPUT escription DESCRIPTION tatement STATEMENT ample AMPLE "
    "Note NOTE Task TASK onstraint CONSTRAINT"
)
RESPELLINGS = (
    Respelling((*UMLAUTS,), UMLAUT, _spell_umlauts, beside="[aouAOU]e"),
    Respelling(IN_DRAWINGS, DRAWING, partial(re.sub, DRAWING, ""), beside=""),
    Respelling(("-|", "- |"), TABLE, _leave_out_bars, beside=""),
    Respelling(("\\[",), LIST, partial(re.sub, LIST, r"[\1]"), beside=r"\["),
    Respelling((" - ", " – "), DASH, _leave_out_dashes, beside="[—―]|--"),
    Respelling((*IN_ORDINALS, "rm th"), ORDINAL, _spell_ordinals),
    Respelling(
        ("···", "⋅⋅⋅", "•••"), DOTS, partial(re.sub, DOTS, r"\\cdots "), beside=""
    ),
    Respelling((*IN_HEADINGS, " format", " Format"), HEADING, _spell_headings),
    Respelling((r"\overline", r"\bar"), SEGMENT, _leave_out_overlines, beside=""),
    Respelling(
        (r"\Delta", "Δ"), TRIANGLE, partial(re.sub, TRIANGLE, r"triangle \1"), beside=""
    ),
    Respelling((), POINTS, number_points),
)
LONGEST = 20_000  # bytes; patterns of Python may take the square of a text's length
DRAWN = 1  # the place of drawings among them
# Of drawings, and of headings with a number, which may go with their digits.
HOLDERS = r"\[asy\]|\\begin\{(?:asy|tikz|pict)|ample (?:Input|input|1)|AMPLE INPUT"
# Without any of these, a text has none of the markers, but perhaps points.
MARKED = "|".join(re.escape(sign) for one in RESPELLINGS for sign in one.signs)


def respell_pairs(
    texts: pl.Series, first: Array, second: Array, same: Array
) -> tuple[Array, list[str]]:
    """Places of the pairs that can be written alike; both texts of each in turn.

    A text that speaks of its drawing is left without only where answers are the `same`
    (bool).
    """
    pairs, changes = _find_changes(texts, first, second)
    places, out = [], []
    for pair, which in zip(pairs, changes, strict=True):
        both = [texts[int(side[pair])] for side in (first, second)]
        new = both
        for number in np.flatnonzero(which):
            one = RESPELLINGS[number]
            if one.beside and not any(
                re.search(one.beside, text) and not re.search(one.marker, text)
                for text in both
            ):
                continue
            if number == DRAWN and not same[pair] and re.search(SHOWN, " ".join(both)):
                continue
            new = [one.change(text) for text in new]
        if new != both:
            places.append(pair)
            out += new
    return np.array(places, np.int64), out


def _find_changes(texts: pl.Series, first: Array, second: Array) -> tuple[Array, Array]:
    """Pairs, and which of RESPELLINGS change them: bool (pairs, respellings).

    What is cheap to see leaves few pairs to those that are not.
    """
    from pipeline.kernels.points import hash_digits, hash_points
    from pipeline.kernels.shards import text_bytes

    read, left, right = _involved(texts, first, second)
    digits = hash_digits(*text_bytes(read))
    holds = read.str.contains(HOLDERS).fill_null(False).to_numpy()
    pairs = np.flatnonzero((digits[left] == digits[right]) | holds[left] | holds[right])
    read, left, right = _involved(texts, first[pairs], second[pairs])
    marks = read.str.count_matches(MARKED).fill_null(0).to_numpy()
    names, order = hash_points(*text_bytes(read))
    renamed = (names[left] != names[right]) & (order[left] == order[right])
    likely = renamed | (marks[left] != marks[right])
    sizes = read.str.len_bytes().fill_null(0).to_numpy()
    likely &= np.maximum(sizes[left], sizes[right]) <= LONGEST
    pairs, renamed = pairs[likely], renamed[likely]
    read, left, right = _involved(texts, first[pairs], second[pairs])
    found = _number_found(read)
    left, right = found[left], found[right]
    lacks = np.array([one.beside is not None for one in RESPELLINGS[:-1]])
    changes = (left != right) & (~lacks | (left == 0) | (right == 0))
    changes = np.column_stack([changes, renamed])
    return pairs, changes


def _involved(
    texts: pl.Series, first: Array, second: Array
) -> tuple[pl.Series, Array, Array]:
    """The texts in pairs, and the pairs as places among them."""
    involved = np.zeros(len(texts), bool)
    involved[first] = involved[second] = True
    number = np.cumsum(involved) - 1
    return texts.filter(pl.Series(involved)), number[first], number[second]


# TeX reads 3^12 as 3^1 2, and who writes it means either.
BARE_POWER = r"\^[0-9]{2}"


def may_misread(texts: pl.Series, first: Array, second: Array) -> Array:
    r"""Whether a power that TeX reads in another way is in one text of a pair (bool).

    $3^12$ is 3^{12} to most who write it. Where the answers to both are not one, it is
    what it says: $3^1 2$.
    """
    bare = [
        [
            ("$" in text or "\\" in text) and re.search(BARE_POWER, text) is not None
            for text in texts.gather(side).fill_null("")
        ]
        for side in (first, second)
    ]
    return np.asarray(np.not_equal(*(np.array(side, bool) for side in bare)))


def spell_alike(texts: pl.Series) -> pl.Series:
    """`texts` less drawings and more, in which one text may differ from another.

    Nothing is to be read in them but whether they may be one.
    """
    from pipeline.kernels.splice import change_where

    for one in RESPELLINGS:
        if one.change not in (_spell_umlauts, _leave_out_dashes, number_points):
            found = texts.str.contains(one.marker).fill_null(False).to_numpy()
            texts = change_where(texts, found, partial(_change_each, one.change))
    return texts


def _change_each(change: Callable[[str], str], texts: pl.Series) -> pl.Series:
    return pl.Series([change(text) for text in texts], dtype=pl.String)


def _number_found(texts: pl.Series) -> Array:
    """What each marker finds in each text, as a number: (texts, markers but points).

    Equal finds have one number, and 0 is for none. By Python, since few texts are left:
    polars would compile the patterns anew.
    """
    out = np.zeros((len(texts), len(RESPELLINGS) - 1), np.int64)
    numbers: dict[str, int] = {}
    may_hold = texts.to_frame("text").select(_sign_columns()).fill_null(False)
    for at, one in enumerate(RESPELLINGS[:-1]):
        for row in np.flatnonzero(may_hold[:, at]):
            found = [x[0] for x in re.finditer(one.marker, texts[int(row)])]
            if found:
                out[row, at] = numbers.setdefault("\0".join(found), len(numbers) + 1)
    return out


@cache
def _sign_columns() -> list[pl.Expr]:
    return [
        pl.col("text").str.contains_any([*one.signs]).alias(str(at))
        for at, one in enumerate(RESPELLINGS[:-1])
    ]
