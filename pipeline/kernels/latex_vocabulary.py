r"""What the scanner knows of words, LaTeX commands and signs.

Every spelling of one thing gets one code: `\times`, `×` and `*`; `cm` and
`centimeters`; `three` and `3`. `plain_text` rewrites what is not ASCII beforehand, so
that the compiled scanner has ASCII and letters to deal with.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl

Array = np.ndarray

# A NAME is a word that starts with a capital and goes on in small letters.
WORD, NUMBER, SIGN, BRACKET, NAME = 0, 1, 2, 3, 4
# What to do with a command or a word, beside giving it a code.
TOKEN, SKIP, FRACTION, DEGREE, TENS, ONES = 0, 1, 2, 3, 4, 5


def spelt(words: str) -> list[str]:
    """The words of a list that is easier to read as text."""
    return words.split()


LAYOUT = spelt(
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

SPELLINGS = {
    "cm": "centimeter centimeters centimetre centimetres cms",
    "mm": "millimeter millimeters millimetre millimetres",
    "km": "kilometer kilometers kilometre kilometres kms",
    "m": "meter meters metre metres",
    "ft": "foot feet",
    "inch": "inches",
    "yd": "yard yards yds",
    "mi": "mile miles",
    "kg": "kilogram kilograms kilogramme kilogrammes kgs",
    "g": "gram grams gramme grammes",
    "mg": "milligram milligrams",
    "lb": "pound pounds lbs",
    "oz": "ounce ounces",
    "l": "liter liters litre litres",
    "ml": "milliliter milliliters millilitre millilitres",
    "gal": "gallon gallons",
    "hour": "hours hr hrs",
    "minute": "minutes min mins",
    "second": "seconds sec secs",
    "day": "days",
    "week": "weeks",
    "month": "months",
    "year": "years yr yrs",
    "cent": "cents",
    "degree": "degrees deg",
}
DROPPED = ["dollar", "dollars", "usd", "bucks"]  # `$` is also a delimiter, and goes
ONES_WORDS = spelt("zero one two three four five six seven eight nine")
TEENS = spelt(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS_WORDS = spelt("twenty thirty forty fifty sixty seventy eighty ninety")
# Numbers in words that no digits stand for: they are compared as they are.
NAMED = spelt(
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
        spelt(
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
    swaps = SYMBOLS | {letter: f"\\{name} " for letter, name in GREEK.items()}
    signs, spelt_out = list(swaps), list(swaps.values())
    powers = texts.str.contains_any(list(SUPER))
    if powers.any():
        raised = texts.filter(powers).str.replace_all(f"([{''.join(SUPER)}]+)", "^{$1}")
        raised = raised.str.replace_many(list(SUPER), list(SUPER.values()))
        texts = texts.scatter(powers.arg_true(), raised)
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


Table = tuple[Array, Array, Array, Array]


@cache
def words() -> Table:
    """What a word turns into: open-addressed (keys, codes, kinds, actions)."""
    rows = {
        spelling: (token_code(short), WORD, TOKEN)
        for short, spellings in SPELLINGS.items()
        for spelling in spellings.split()
    }
    rows |= {word: (0, WORD, SKIP) for word in DROPPED}
    rows |= {
        "percent": (token_code("%"), SIGN, TOKEN),
        "pct": (token_code("%"), SIGN, TOKEN),
    }
    for value, word in enumerate(ONES_WORDS):
        rows[word] = (token_code(str(value)), NUMBER, ONES if value else TOKEN)
    for value, word in enumerate(TEENS, start=10):
        rows[word] = (token_code(str(value)), NUMBER, TOKEN)
    for value, word in enumerate(TENS_WORDS, start=2):
        rows[word] = (token_code(str(10 * value)), NUMBER, TENS)
    rows |= {word: (token_code(word), NUMBER, TOKEN) for word in NAMED}
    rows |= {f"{word}s": (token_code(word), NUMBER, TOKEN) for word in NAMED}
    return _table(rows)


@cache
def commands() -> Table:
    """What a LaTeX command turns into; one that is not here is a word."""
    rows = {name: (0, WORD, SKIP) for name in (*LAYOUT, *DOTS)}
    rows |= {name: (token_code(sign), SIGN, TOKEN) for name, sign in COMMANDS.items()}
    rows |= {
        name: (token_code(sign), BRACKET, TOKEN) for name, sign in BRACKETS.items()
    }
    rows |= {name: (token_code("/"), SIGN, FRACTION) for name in FRACTIONS}
    rows |= {name: (token_code("degree"), WORD, DEGREE) for name in ("circ", "degree")}
    rows |= {name: (token_code(short), WORD, TOKEN) for name, short in VARIANTS.items()}
    return _table(rows)


def _table(rows: dict[str, tuple[int, int, int]]) -> Table:
    size = 1 << (2 * len(rows)).bit_length()
    keys = np.zeros(size, np.uint64)
    codes = np.zeros(size, np.uint64)
    kinds = np.zeros(size, np.uint8)
    actions = np.zeros(size, np.uint8)
    for word, (value, kind, action) in rows.items():
        key = token_code(word)
        slot = key % size
        while keys[slot]:
            slot = (slot + 1) % size
        keys[slot], codes[slot], kinds[slot], actions[slot] = key, value, kind, action
    return keys, codes, kinds, actions
