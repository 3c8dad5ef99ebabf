r"""What the scanner knows of words, LaTeX commands and signs.

Every spelling of one thing gets one code: `\times`, `×` and `*`; `cm` and
`centimeters`; `three` and `3`. `plain_text` rewrites what is not ASCII beforehand, so
that the compiled scanner has ASCII and letters to deal with.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl

from pipeline.kernels.hash_table import Table, build_table
from pipeline.kernels.shards import Array

# A NAME is a word that starts with a capital and goes on in small letters.
WORD, NUMBER, SIGN, BRACKET, NAME = 0, 1, 2, 3, 4
# What to do with a command or a word, beside giving it a code.
TOKEN, SKIP, FRACTION, DEGREE, TENS, ONES = 0, 1, 2, 3, 4, 5


def split(words: str) -> list[str]:
    """The words of a list that is easier to read as text."""
    return words.split()


LAYOUT = split(
    """
left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr middle displaystyle
textstyle scriptstyle limits nolimits mathrm text textbf textit textrm textsf texttt
textnormal mathbf mathit mathsf mathtt mathbb mathcal mathscr mathfrak boldsymbol bm
mbox hbox operatorname rm bf it sf tt em emph underline quad qquad hspace vspace hfill
noindent item nonumber notag space enspace thinspace phantom vphantom hphantom
displaylimits ensuremath label centering smallskip medskip bigskip par newline
"""
)

COMMANDS = {
    "times": "*", "cdot": "*", "ast": "*", "cdotp": "*", "bullet": "*",
    "div": "/", "slash": "/", "over": "/", "le": "≤", "leq": "≤", "leqslant": "≤",
    "leqq": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "geqq": "≥", "ne": "≠",
    "neq": "≠", "lt": "<", "gt": ">", "pm": "±", "mp": "∓", "sqrt": "√",
    "surd": "√", "percent": "%", "equiv": "≡", "approx": "≈", "sim": "~",
    "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪",
    "cap": "∩", "setminus": "∖", "to": "→", "rightarrow": "→", "longrightarrow": "→",
    "mapsto": "↦", "implies": "⇒", "Rightarrow": "⇒", "iff": "⇔", "sum": "∑",
    "prod": "∏", "int": "∫", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|",
    "parallel": "∥", "perp": "⊥",
}  # fmt: skip
DOTS = ("ldots", "dots", "cdots", "dotsc", "dotsb", "vdots", "ddots", "hdots")
BRACKETS = {"lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉"}
BRACKETS |= {"langle": "(", "rangle": ")", "lbrace": "(", "rbrace": ")"}
FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac")

UNITS = {  # by their names in the singular
    "cm": "cm centimeter centimetre", "mm": "millimeter millimetre", "m": "meter metre",
    "km": "km kilometer kilometre", "yd": "yd yard", "mi": "mile", "g": "gram gramme",
    "kg": "kg kilogram kilogramme", "mg": "milligram", "lb": "lb pound", "oz": "ounce",
    "l": "liter litre", "ml": "milliliter millilitre", "gal": "gallon",
    "hour": "hour hr", "minute": "minute min", "second": "second sec", "day": "day",
    "week": "week", "month": "month", "year": "year yr", "cent": "cent",
    "degree": "degree",
}  # fmt: skip
IRREGULAR = {"foot": "ft", "feet": "ft", "inches": "inch", "deg": "degree"}
DROPPED = ["dollar", "dollars", "usd", "bucks"]  # `$` is also a delimiter, and goes
BELOW_TWENTY = split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS_WORDS = split("twenty thirty forty fifty sixty seventy eighty ninety")
# Numbers in words that no digits stand for: they are compared as they are.
NAMED = split(
    "hundred thousand million billion trillion half twice thrice dozen third "
    "quarter fourth fifth double triple quadruple"
)

SYMBOLS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "×": "*", "÷": "/", "·": "*",
    "⋅": "*", "∙": "*", "•": "*", "∗": "*", "≤": r"\le ", "⩽": r"\le ", "≥": r"\ge ",
    "⩾": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "∓": r"\mp ", "√": r"\sqrt ",
    "∞": r"\infty ", "°": r"\circ ", "º": r"\circ ", "∠": r"\angle ",
    "△": r"\triangle ", "∆": r"\triangle ", "≡": r"\equiv ", "≈": r"\approx ",
    "∼": r"\sim ", "≅": r"\cong ", "∈": r"\in ", "∉": r"\notin ", "⊂": r"\subset ",
    "⊆": r"\subseteq ", "∪": r"\cup ", "∩": r"\cap ", "→": r"\to ", "⇒": r"\implies ",
    "⇔": r"\iff ", "∑": r"\sum ", "∏": r"\prod ", "∫": r"\int ", "∥": r"\parallel ",
    "⊥": r"\perp ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ",
    "⌉": r"\rceil ", "⟨": "(", "⟩": ")", "’": "'", "‘": "'", "′": "'",
    "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅕": " 1/5",
    "⅛": " 1/8", "⁄": "/", "∕": "/", "％": "%",
}  # fmt: skip
SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ",
        split(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu "
            "nu xi pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta "
            "Lambda Xi Pi Sigma Phi Psi Omega phi epsilon"
        ),
        strict=True,
    )
)
VARIANTS = {"varphi": "phi", "varepsilon": "epsilon", "vartheta": "theta"}


def plain_text(text: pl.Series) -> pl.Series:
    """`text` with signs as LaTeX or ASCII, compatibility forms and case folded.

    Only rows that are not ASCII change. NFKC alone would read x² as x2.
    """
    return where_odd(text.fill_null(""), _plain)


def where_odd(text: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`change` made to the texts that are not ASCII."""
    odd = text.str.len_bytes() != text.str.len_chars()
    if not odd.any():
        return text
    return text.scatter(odd.arg_true(), change(text.filter(odd)))


def _plain(texts: pl.Series) -> pl.Series:
    swaps = SYMBOLS | {letter: f"\\{name} " for letter, name in GREEK.items()} | SUPER
    signs, spelt_out = list(swaps), list(swaps.values())
    texts = texts.str.replace_all(f"([{''.join(SUPER)}]+)", "^{$1}")
    texts = texts.str.replace_many(signs, spelt_out)
    # NFKC is slow, and makes some of the signs out of others.
    return where_odd(
        texts,
        lambda rest: rest.str.normalize("NFKC").str.replace_many(signs, spelt_out),
    )


def token_code(text: str) -> int:
    """The code of a token that is spelt `text`: FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


Meaning = tuple[str, int, int]  # how the token is spelt, its kind, what to do
# Where a spelling is, and there the code of its token, its kind and what to do.
Vocabulary = tuple[Table, Array, Array, Array]


@cache
def vocabulary() -> Vocabulary:
    """What words and commands turn into; what is not in it stays as it is."""
    commands = {f"\\{name}": meaning for name, meaning in _commands().items()}
    meanings = _words() | commands
    spellings = np.array([token_code(spelling) for spelling in meanings], np.uint64)
    tokens, kinds, actions = zip(*meanings.values(), strict=True)
    return (
        build_table(spellings),
        np.array([token_code(token) for token in tokens], np.uint64),
        np.array(kinds, np.uint8),
        np.array(actions, np.uint8),
    )


def _words() -> dict[str, Meaning]:
    """Units, percent, numbers, and words that are left out."""
    meanings = {name: (unit, WORD, TOKEN) for name, unit in IRREGULAR.items()}
    for unit, names in UNITS.items():
        for name in names.split():
            meanings |= dict.fromkeys((name, f"{name}s"), (unit, WORD, TOKEN))
        meanings.pop(unit, None)  # it is spelt as it is
    meanings |= dict.fromkeys(DROPPED, ("", WORD, SKIP))
    meanings |= dict.fromkeys(("percent", "pct"), ("%", SIGN, TOKEN))
    for value, word in enumerate(BELOW_TWENTY):
        meanings[word] = (str(value), NUMBER, ONES if 0 < value < 10 else TOKEN)
    for value, word in enumerate(TENS_WORDS, start=2):
        meanings[word] = (str(10 * value), NUMBER, TENS)
    for word in NAMED:
        meanings[word] = meanings[f"{word}s"] = (word, NUMBER, TOKEN)
    return meanings


def _commands() -> dict[str, Meaning]:
    """Commands by name; one that is not here is read as a word."""
    meanings = dict.fromkeys((*LAYOUT, *DOTS), ("", WORD, SKIP))
    meanings |= {name: (sign, SIGN, TOKEN) for name, sign in COMMANDS.items()}
    meanings |= {name: (sign, BRACKET, TOKEN) for name, sign in BRACKETS.items()}
    meanings |= dict.fromkeys(FRACTIONS, ("/", SIGN, FRACTION))
    meanings |= dict.fromkeys(("circ", "degree"), ("degree", WORD, DEGREE))
    meanings |= {name: (short, WORD, TOKEN) for name, short in VARIANTS.items()}
    return meanings
