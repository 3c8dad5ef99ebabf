"""Which ways to write one thing are known: each with what it is found by.

The patterns are those of `spellings`, of what one text says and another need not those
of `trailers`.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pipeline.dedup import trailers
from pipeline.dedup.spellings import (
    ARC,
    ASSERTS,
    BESIDE_PRICE,
    BLANK,
    BULLET,
    BY_SIZE,
    CLOSED_TABLE,
    DASHED,
    DOT,
    DOTS,
    DRAWING,
    EXAMPLES,
    EXPONENT,
    HEADING,
    IN_BRACES,
    LIST,
    OPEN_TABLE,
    ORDINAL,
    PER_UNIT,
    POINTS,
    PRICE,
    PROBABILITY,
    PRODUCT,
    SCALE,
    SEGMENT,
    SHOWN,
    SIZES,
    STUB,
    TABLE,
    TAG,
    TITLE,
    TRIANGLE,
    UMLAUT,
    UMLAUTS,
    divide_by_units,
    leave_out_all_bars,
    leave_out_bars,
    leave_out_braces,
    leave_out_dashes,
    leave_out_overlines,
    number_points,
    spell_headings,
    spell_ordinals,
    spell_umlauts,
)
from pipeline.kernels.spelled_words import split

LONGEST = 20_000  # bytes; patterns of Python may take the square of a text's length


class Respelling(NamedTuple):
    """`change` is made to both texts where `marker` finds other things in them.

    It is looked for in texts with one of `signs`. With `beside`, only where it finds
    nothing in one of them and `beside` is there. Of texts with `agreed` in one, only
    where the answers are the same.
    """

    signs: tuple[str, ...]
    marker: str
    change: Callable[[str], str]
    beside: str | None = None
    agreed: str | None = None


TIMES = ("*", " *")
BOUNDS = split("more less fewer greater larger smaller higher lower bigger")
IN_DRAWINGS = ("[asy]", r"\begin{asy", r"\begin{tikz", r"\begin{pict")
IN_ORDINALS = split("-th $th $st $nd $rd {th {st {nd {rd ^th")
IN_HEADINGS = split(
    "nput utput NPUT UTPUT escription DESCRIPTION tatement STATEMENT ample AMPLE "
    "Note NOTE Task TASK onstraint CONSTRAINT"
)
# Those that say what they say of a text alone.
EITHER_WAY = (
    Respelling(
        IN_DRAWINGS, DRAWING, partial(re.sub, DRAWING, ""), beside="", agreed=SHOWN
    ),
    Respelling(("-|", "- |"), TABLE, leave_out_bars, beside=""),
    Respelling(("\\[",), LIST, partial(re.sub, LIST, r"[\1]"), beside=r"\["),
    Respelling((*IN_ORDINALS, "rm th"), ORDINAL, spell_ordinals),
    Respelling(
        ("···", "⋅⋅⋅", "•••"), DOTS, partial(re.sub, DOTS, r"\\cdots "), beside=""
    ),
    Respelling((*IN_HEADINGS, " format", " Format"), HEADING, spell_headings),
    Respelling((r"\overline", r"\bar"), SEGMENT, leave_out_overlines, beside=""),
    Respelling(
        (r"\Delta", "Δ"), TRIANGLE, partial(re.sub, TRIANGLE, r"triangle \1"), beside=""
    ),
)
# The same; polars has no pattern for them.
CUT_OR_SPELT = (
    Respelling(("assert",), ASSERTS, partial(trailers.cut, ASSERTS), beside=""),
    Respelling(("to scale",), SCALE, partial(trailers.cut, SCALE), beside=""),
    Respelling(
        ("__", "\\_", " _", "=$", "= $", "=\\", "( )", "（"),
        BLANK,
        partial(re.sub, BLANK, ""),
    ),
    Respelling(
        ("B)", "b)", "{B}", "\nB.", "\nb.", " B "),
        trailers.HAS_OPTIONS,
        partial(trailers.cut, trailers.OPTIONS),
        beside="",
        agreed="",
    ),
    Respelling(
        ("int:", "INT:", "ints:"),
        trailers.HAS_HINT,
        partial(trailers.cut, trailers.HINT),
        beside="",
    ),
    Respelling(
        ("ote:", "OTE:", "otes:"),
        trailers.HAS_NOTE,
        partial(trailers.cut, trailers.NOTE),
        beside="",
        agreed="",
    ),
    Respelling(
        (*split("nswer xpress ntation commas raction esult form."),),
        trailers.HAS_FORM,
        partial(trailers.cut, trailers.FORM),
        beside="",
        agreed="",
    ),
    Respelling(
        (*split("oints) oint) oints: arks) pts) ints]"),),
        trailers.POINTS_GIVEN,
        partial(re.sub, trailers.POINTS_GIVEN, ""),
        beside="",
    ),
    Respelling(
        (*split("roposed ubmitted uggested roposal*"),),
        trailers.CREDIT,
        partial(re.sub, trailers.CREDIT, ""),
    ),
    Respelling(
        ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "ⅰ", "ⅱ", "ⅲ"), trailers.ROMAN, trailers.spell_roman
    ),
    Respelling(
        ("I)", "i)", "II)", "V)", "v)", "(Ⅰ", "(ⅰ"),
        trailers.PART,
        trailers.number_parts,
    ),
    Respelling(IN_DRAWINGS, DRAWING, partial(re.sub, DRAWING, ""), agreed=""),
    Respelling(
        (".)", ". )", "$)", ".]"),
        trailers.ASIDE,
        partial(trailers.cut, trailers.ASIDE),
        beside="",
        agreed="",
    ),
    Respelling(
        tuple(f"{no} {word}" for no in ("no", "not") for word in BOUNDS),
        trailers.BOUND,
        trailers.spell_bounds,
    ),
    Respelling(("\\cdot",), DOT, partial(re.sub, DOT, ""), beside="", agreed=""),
    Respelling(("\\bullet", "•"), BULLET, partial(re.sub, BULLET, ""), beside=""),
    Respelling(("\n\n",), TITLE, partial(trailers.cut, TITLE), beside=""),
    Respelling(("def ", "class "), STUB, partial(trailers.cut, STUB), beside=""),
    Respelling(
        ("ample", "AMPLE"), EXAMPLES, partial(trailers.cut, EXAMPLES), beside=""
    ),
    Respelling(("\\tag",), TAG, partial(re.sub, TAG, ""), beside=""),
    Respelling(
        (" x n", " x m", " x k", " x N", " x M"),
        SIZES,
        partial(re.sub, SIZES, r"\1×"),
        beside=r"×|\\times",
    ),
    Respelling(
        (" by ",), BY_SIZE, partial(re.sub, BY_SIZE, r"\1×"), beside=r"×|\\times"
    ),
    Respelling(
        ("\\Pr", "Pr("),
        PROBABILITY,
        partial(re.sub, PROBABILITY, "P"),
        beside=r"\bP\b",
    ),
    Respelling(
        ("frown", "paren", "overarc"),
        ARC,
        partial(re.sub, ARC, r"\\widehat"),
        beside=r"\\widehat",
    ),
    Respelling(
        ("€", "£", "¥", "₹"),
        PRICE,
        partial(re.sub, PRICE, r"\2 \1"),
        beside=BESIDE_PRICE,
    ),
    Respelling(("^{-", "^-", "⁻"), PER_UNIT, divide_by_units, beside="/"),
    Respelling(
        tuple(f"{digit}{sign}" for digit in range(10) for sign in TIMES),
        PRODUCT,
        partial(re.sub, PRODUCT, ""),
        beside=r"[0-9][a-z]\b",
    ),
    Respelling(
        tuple(f"{digit}e" for digit in range(10)),
        EXPONENT,
        partial(re.sub, EXPONENT, r"\1×10^{\2}"),
        beside=r"10[ \t]*\^|10⁻",
    ),
    Respelling(("|{", "={", "= {", "${"), IN_BRACES, leave_out_braces, beside=""),
    Respelling((" | ",), OPEN_TABLE, leave_out_all_bars, beside=CLOSED_TABLE),
)
RESPELLINGS = (
    *CUT_OR_SPELT,
    *EITHER_WAY,
    Respelling((*UMLAUTS,), UMLAUT, spell_umlauts, beside="[aouAOU]e"),
    Respelling((" - ", " – "), DASHED, leave_out_dashes, beside="[—―]|--"),
    Respelling((), POINTS, number_points),
)
