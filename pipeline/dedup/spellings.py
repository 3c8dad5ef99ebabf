r"""How one thing may be written in two texts: patterns, and what stands for them.

`respellings` says how a pair of texts is read by them.
"""

import re

from pipeline.dedup.respelling_rules import cut_off, leave_out, spell
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
# The same to a text that has one: a space is sooner found than letters are.
DASHED = r" [-–] (?:(?<=[^\W\d_]{3} [-–] )[\w$]|(?<=[\w$%)] [-–] )[^\W\d_]{2})"
DOTS = "[·⋅•]{3,}"
POINTS = r"\b[A-Z]{2,4}\b"
POINT = r"\b(?!A [a-z])[A-Z]{1,4}\b"
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
UMLAUT = f"[{''.join(UMLAUTS)}]"
# 3*x for 3x, and 1.6e-19 for 1.6 × 10^{-19}.
PRODUCT = r"(?<=[0-9])[ \t]*(?:\*|\\cdot\b|·|⋅)[ \t]*(?=[a-z]\b)"
EXPONENT = r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)[eE]([-+−]?[0-9]{1,3})\b"
TAG = r"\\tag\*?[ \t]*\{[^{}\n]{0,40}\}"
# n x m for n × m: letters beside it are sizes.
SIZES = r"\b([A-Za-z]|[0-9]+)( x )(?=(?:[A-Za-z]|[0-9]+)\b)"
UNIT = "s|h|hr|min|day|yr|kg|g|mol|m|cm|km|K|L|C|V|N|J"
# m s^{-1} for m/s, and J/(mol·K) for J/mol/K.
PER_UNIT = (
    r"(?:[ ~·⋅]|\\[,;: ]|\\cdot\b)*((?:\\(?:mathrm|text|rm)[ \t]*\{)?)"
    rf"\b({UNIT})([ \t]*\}}?)[ \t]*(?:\^[ \t]*\{{?[ \t]*[-−][ \t]*([1-9])[ \t]*\}}?"
    r"|⁻([¹²³]))"
)
PER_UNITS = r"/[ \t]*\([ \t]*(\w+)[ \t]*(?:[·⋅*]|\\cdot)[ \t]*(\w+)[ \t]*\)"
BRACED = r"(?<![\\\w^_}\]])\{[ \t]*(-?[0-9.]+)[ \t]*\}"
FORMULA = r"\$[^$\n]{1,400}\$"
IN_BRACES = r"\$[^$\n]{0,400}?[|= ]\{[ \t]*-?[0-9.]+[ \t]*\}[^$\n]{0,400}\$"
PROBABILITY = r"\\Pr\b|\bPr(?=[ \t]*[(\[])"
ARC = r"\\overset[ \t]*\{[ \t]*\\frown[ \t]*\}|\\(?:wideparen|overparen|overarc)\b"
# €750 for 750 euros.
PRICE = r"([€£¥₹])[ \t]*([0-9](?:[0-9.,]*[0-9])?)"
BESIDE_PRICE = r"(?i)[0-9][ \t]*(?:[€£¥₹]|euros?\b|pounds?\b|yen\b|rupees?\b)"
BY_SIZE = (
    r"([0-9][ \t]*(?:mm|cm|km|m|ft|feet|in|inch(?:es)?|yards?)[ \t]+)by"
    r"(?=[ \t]+[0-9])"
)
SCALE = (
    r"(?i)\(?(?:the )?(?:diagram|figure|picture|drawing)s? (?:is |are )?not "
    r"(?:drawn )?to scale\.?\)?"
)
# What is to be filled in, at the end of a sentence: `is ____.`, `= \_\_\_`, ( ).
# It begins with a look at the first sign, as does DOT: most places are left at once.
BLANK = (
    r"(?=[=＝:：iae \t$\\_(（])"
    r"(?:[=＝:：]|\b(?:is|are|equals|(?:is |are )?equal to))?[ \t]*\$?[ \t]*[=＝]?"
    r"[ \t]*(?:(?:\\?_[ \t]*){2,}|\\underline\{[ ]*\\hspace\{[^}]*\}[ ]*\}"
    r"|(?<=\s)_|\([ \t　]*\)|（[ \t　]*）)[ \t]*\$?"
    r"(?=[ \t]*(?:[.。．,，;；?]|\s*\Z))|[=＝][ \t]*\$?\s*\Z"
)
# x \cdot y for xy.
DOT = r"(?=[ \t\\])(?<=\b[a-z])[ \t]*\\cdot[ \t]*(?=[a-z]\b)"
BULLET = r"\$\\bullet\$|\\\(\\bullet\\\)|•"
# A first line of words and an empty one: what a problem is called.
TITLE = (
    r"\A\s*(?:#{1,6}[ \t]+|\*\*)?(?:(?:[0-9]{1,4}|[A-Z])[.)][ \t]+)?"
    r"(?:[^\W\d_][\w'’-]*+[ \t]*+){1,7}(?:\*\*)?[ \t]*\r?\n[ \t]*\r?\n"
)
# Lines with bars between their cells, and none at their ends.
OPEN_TABLE = r"(?m)^[^|\n]+(?:\|[^|\n]+)+$(?:\n[^|\n]+(?:\|[^|\n]+)+$)+"
CLOSED_TABLE = r"(?m)^[ \t]*\|[^\n]*\|[ \t]*$|\\begin\{tabular"
ASSERTS = (
    r"(?mi)(?:\b(?:your|the) (?:code|function|program|solution) (?:should|must) "
    r"(?:pass|satisfy) (?:these|the following) tests?(?: cases?)?:?\s*)?"
    r"(?:^[ \t]*(?:>>> )?assert\b[^\n]*(?:\n|\Z))+"
)
# A line of a program that says no more than what it is called with.
STUB_LINE = (
    r"(?:[ \t]*(?:class\b[^\n]*|(?:async )?def\b[^\n]*|(?:from|import)\b[^\n]*"
    r"|@\w[^\n]*|pass|\.\.\.|(?:#|//)[^\n]*|public:|[{}]+;?|```\w*"
    r"|[\w<>&*,: \[\]]+\([^()\n]*\)[ \t]*(?:\{\}?)?)?[ \t]*(?:\n|\Z))"
)
STUB = (
    r"(?m)^[ \t]*(?:```\w*[ \t]*\n)?(?=[ \t]*(?:class|def|from|import)\b)"
    rf"{STUB_LINE}{{1,40}}\Z"
)
# A heading, and lines with data below it.
EXAMPLES = (
    r"(?mi)^[ \t#*_-]*(?:sample|example)s?\b[ \t]*(?:(?:input|output|test|case)s?\b)?"
    r"[ \t]*[0-9]*[ \t]*:?[ \t#*_-]*\n"
    r"(?:(?![ \t#*_-]*(?:constraint|note|follow))(?:[ \t]*explanation\b[^\n]*"
    r"|(?:[^\n?\w]*+\w++){0,3}+[^\n?\w]*+"
    r"|(?=[^\n]*[\d\[\]{}\"'`])(?:[^\n?\w]*+\w++){0,11}+[^\n?\w]*+)(?:\n|\Z))+"
)


def spell_umlauts(text: str) -> str:
    """Ae for Ä."""
    return re.sub(UMLAUT, lambda found: UMLAUTS[found[0]], text)


def spell_ordinals(text: str) -> str:
    r"""`$n^{\text{th}}$` as nth."""

    def respell(found: re.Match[str]) -> str:
        return re.sub(r"\\[a-z]+|\W", "", found[0])

    return re.sub(ORDINAL, respell, text)


def spell_headings(text: str) -> str:
    """For "### Sample Input 1" only "input: ", and nothing for "Constraints"."""

    def respell(found: re.Match[str]) -> str:
        side = re.search("(?i)input|output", found[0])
        return f"{side[0].lower()}: " if side else ""

    return re.sub(HEADING, respell, text)


def leave_out_bars(text: str) -> str:
    """A table without its bars, and without the rule below its head."""

    def blank(found: re.Match[str]) -> str:
        head, _, *rows = found[0].split("\n")
        return "\n".join([head, *rows]).replace("|", " ")

    return re.sub(TABLE, blank, text)


def leave_out_dashes(text: str) -> str:
    """Commas for dashes between words."""
    return re.sub(DASH, lambda found: ", ".join(filter(None, found.groups())), text)


def leave_out_overlines(text: str) -> str:
    r"""AB for `\overline{AB}`, where lengths are meant."""
    return re.sub(SEGMENT, r"\1", text) if re.search(LENGTHS, text) else text


def divide_by_units(text: str) -> str:
    """m/s for m s^{-1}, and J/mol/K for J/(mol·K)."""

    def divide(found: re.Match[str]) -> str:
        power = found[4] or ("123"["¹²³".index(found[5])])
        return f"/{found[1]}{found[2]}{found[3]}{'' if power == '1' else f'^{power}'}"

    return re.sub(PER_UNITS, r"/\1/\2", re.sub(PER_UNIT, divide, text))


def leave_out_braces(text: str) -> str:
    """3 for {3} in formulas."""
    return re.sub(FORMULA, lambda found: re.sub(BRACED, r"\1", found[0]), text)


def leave_out_all_bars(text: str) -> str:
    """Spaces for the bars of a table without bars at its ends."""
    return re.sub(OPEN_TABLE, lambda found: found[0].replace("|", " "), text)


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


DIGITS = "0123456789"
IN_DRAWINGS = ("[asy]", r"\begin{asy", r"\begin{tikz", r"\begin{pict")
IN_ORDINALS = split("-th $th $st $nd $rd {th {st {nd {rd ^th")
IN_HEADINGS = split(
    "nput utput NPUT UTPUT escription DESCRIPTION tatement STATEMENT ample AMPLE "
    "Note NOTE Task TASK onstraint CONSTRAINT"
)
# Those that say what they say of a text alone.
EITHER_WAY = (
    leave_out(IN_DRAWINGS, DRAWING, agreed=SHOWN, has_digits=True),
    spell(("-|", "- |"), TABLE, leave_out_bars, beside=""),
    spell("\\[", LIST, r"[\1]", beside=r"\["),
    spell((*IN_ORDINALS, "rm th"), ORDINAL, spell_ordinals),
    spell("··· ⋅⋅⋅ •••", DOTS, r"\\cdots ", beside=""),
    spell((*IN_HEADINGS, " format", " Format"), HEADING, spell_headings),
    spell(r"\overline \bar", SEGMENT, leave_out_overlines, beside=""),
    spell(r"\Delta Δ", TRIANGLE, r"triangle \1", beside=""),
)
# The same; polars has no pattern for them.
CUT_OR_SPELT = (
    cut_off("assert", ASSERTS, has_digits=True),
    cut_off(("to scale",), SCALE),
    leave_out(
        ("__", "\\_", " _", "\\underline", "=$", "= $", "=\\", "( )", "（"), BLANK,
        beside=None,
    ),
    leave_out(IN_DRAWINGS, DRAWING, beside=None, agreed="", has_digits=True),
    leave_out("\\cdot", DOT, agreed=""),
    leave_out("\\bullet •", BULLET),
    cut_off(("\n\n",), TITLE),
    cut_off(("def ", "class "), STUB, has_digits=True),
    cut_off("ample AMPLE", EXAMPLES, has_digits=True),
    leave_out("\\tag", TAG, has_digits=True),
    spell(
        (" x n", " x m", " x k", " x N", " x M"), SIZES, r"\1×", beside=r"×|\\times"
    ),
    spell((" by ",), BY_SIZE, r"\1×", beside=r"×|\\times"),
    spell("\\Pr Pr(", PROBABILITY, "P", beside=r"\bP\b"),
    spell("frown paren overarc", ARC, r"\\widehat", beside=r"\\widehat"),
    spell("€ £ ¥ ₹", PRICE, r"\2 \1", beside=BESIDE_PRICE),
    spell("^{- ^- ⁻", PER_UNIT, divide_by_units, beside="/", has_digits=True),
    leave_out(
        tuple(f"{digit}{sign}" for digit in DIGITS for sign in ("*", " *")), PRODUCT,
        beside=r"[0-9][a-z]\b",
    ),
    spell(
        tuple(f"{digit}e" for digit in DIGITS), EXPONENT, r"\1×10^{\2}",
        beside=r"10[ \t]*\^|10⁻", has_digits=True,
    ),
    spell(("|{", "={", "= {", "${"), IN_BRACES, leave_out_braces, beside=""),
    spell((" | ",), OPEN_TABLE, leave_out_all_bars, beside=CLOSED_TABLE),
)  # fmt: skip
# What is read of pairs alone.
OF_PAIRS = (
    spell((*UMLAUTS,), UMLAUT, spell_umlauts, beside="[aouAOU]e"),
    spell((" - ", " – "), DASHED, leave_out_dashes, beside="[—―]|--"),
    spell((), POINTS, number_points),
)
