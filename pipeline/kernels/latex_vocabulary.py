r"""What the lexer knows of words, LaTeX commands and symbols.

Every spelling of one thing gets one code: `\times`, `×` and `*`; `\land`, `\wedge` and
∧; `cm` and `centimeters`; `three` and `3`. A command that is not here is read as a
word, a symbol that is not here as itself: neither ever goes without a trace.
"""

import unicodedata
from functools import cache

import numpy as np

from pipeline.kernels.characters import character_classes
from pipeline.kernels.hash_table import Table, build_table
from pipeline.kernels.hashing import letters_code, spelling_code
from pipeline.kernels.latex_symbols import symbols
from pipeline.kernels.shards import Array
from pipeline.kernels.spelled_words import BELOW_TWENTY, ORDINALS, TENS_WORDS
from pipeline.kernels.spelled_words import split as split

# A NAME is a word that starts with a capital and goes on in small letters.
WORD, NUMBER, SIGN, BRACKET, NAME = 0, 1, 2, 3, 4
# What to do with a command or a word, beside giving it a code.
(TOKEN, SKIP, FRACTION, BINOMIAL, DEGREE, PRIME, NOT, NEGATED, TENS, ONES, CELL, ROW,
 OPEN_MATRIX, CLOSE_MATRIX, OPEN_TABLE, CLOSE_TABLE, CROSS, ARROW, SHORT, CANNOT
) = range(20)  # fmt: skip


LAYOUT = split(
    """
left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr middle displaystyle
textstyle scriptstyle limits nolimits mathrm text textbf textit textrm textsf texttt
textnormal mathbf mathit mathsf mathtt mathbb mathcal mathscr mathfrak boldsymbol bm
mbox hbox operatorname mathop rm bf it sf tt em emph underline quad qquad hspace vspace
hfill noindent item hline cline toprule midrule bottomrule nonumber notag space enspace
thinspace phantom vphantom hphantom
ce pu si SI qty displaylimits ensuremath label centering smallskip medskip bigskip
par newline
"""
)

NEGATES = "\u0338"  # the stroke through a symbol
BRACKETS = {"langle": "(", "rangle": ")", "lbrace": "{", "rbrace": "}", "lbrack": "[",
            "rbrack": "]"}  # fmt: skip
FRACTIONS = ("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac")
BINOMIALS = ("binom", "dbinom", "tbinom")
MATRICES = {  # environments whose rows count, and the bracket that they draw
    "matrix": "", "smallmatrix": "", "array": "", "pmatrix": "(", "bmatrix": "(",
    "Bmatrix": "(", "vmatrix": "|", "Vmatrix": "‖",
}  # fmt: skip
TABLES = split(
    """
    align aligned alignat gather gathered equation eqnarray split multline cases
    dcases rcases flalign displaymath math center flushleft tabular table figure
    itemize enumerate description document minipage problem exercise question task
"""
)

VARIANTS = {"varphi": "phi", "varepsilon": "epsilon", "vartheta": "theta",
            "pmod": "mod", "bmod": "mod", "pod": "mod", "widehat": "hat",
            "widetilde": "tilde", "overline": "bar"}  # fmt: skip
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
# Words of one meaning in two spellings, British and American, and short forms.
SPELLINGS = {
    "color": "colour", "favor": "favour", "flavor": "flavour", "honor": "honour",
    "behavior": "behaviour", "neighbor": "neighbour", "labor": "labour",
    "harbor": "harbour", "center": "centre", "theater": "theatre", "fiber": "fibre",
    "gray": "grey", "program": "programme", "check": "cheque", "tire": "tyre",
    "catalog": "catalogue", "dialog": "dialogue", "traveler": "traveller",
    "traveled": "travelled", "traveling": "travelling", "labeled": "labelled",
    "canceled": "cancelled", "modeling": "modelling", "math": "maths",
    "aluminum": "aluminium", "sulfur": "sulphur", "mold": "mould", "plow": "plough",
    "favorite": "favourite", "colored": "coloured", "coloring": "colouring",
    "january": "jan", "february": "feb", "april": "apr", "august": "aug",
    "september": "sep sept", "october": "oct", "november": "nov", "december": "dec",
    "tuesday": "tue tues", "thursday": "thu thurs", "versus": "vs",
    "approximately": "approx", "mod": "modulo",
    "tan": "tg", "cot": "ctg cotg", "arctan": "arctg", "arccot": "arcctg",
}  # fmt: skip
# Symbols that are words to us: "△ABC" is "triangle ABC", and "€5" is "5 euros".
WORDS_OF_SYMBOLS = {
    "∠": "angle", "△": "triangle", "⊥": "perpendicular", "∥": "parallel", "€": "euro",
    "£": "lb", "¥": "yen", "ℓ": "l", "¢": "cent", "▱": "parallelogram",
}  # fmt: skip
SIGNS_OF_WORDS = {"sqrt": "√", "infinity": "∞"}
DROPPED = ["dollar", "dollars", "usd", "bucks"]  # `$` is also a delimiter, and goes
# Numbers in words that no digits stand for: they are compared as they are.
NAMED = split(
    "hundred thousand million billion trillion half twice thrice dozen quarter double "
    "triple quadruple"
)
NAMED += ORDINALS[3:]


def token_code(text: str) -> int:
    """The code of a token that is spelt `text`, as the lexer makes it (uint64)."""
    is_word = text.isascii() and text.isalpha()
    return letters_code(text) if is_word else spelling_code(text)


Meaning = tuple[str, int, int]  # how the token is spelt, its kind, what to do
# Where a spelling is, the code of its token, its kind, what to do; and the class of
# each character.
Vocabulary = tuple[Table, Array, Array, Array, Array]


@cache
def vocabulary() -> Vocabulary:
    """What words and commands turn into; what is not in it stays as it is."""
    commands = {f"\\{name}": meaning for name, meaning in _commands().items()}
    meanings = _words() | commands | _characters() | _environments()
    spellings = np.array([token_code(spelling) for spelling in meanings], np.uint64)
    tokens, kinds, actions = zip(*meanings.values(), strict=True)
    return (
        build_table(spellings),
        np.array([token_code(token) for token in tokens], np.uint64),
        np.array(kinds, np.uint8),
        np.array(actions, np.uint8),
        character_classes(),
    )


def _words() -> dict[str, Meaning]:
    """Units, percent, numbers, and words that are left out."""
    meanings = {name: (unit, WORD, TOKEN) for name, unit in IRREGULAR.items()}
    for unit, names in UNITS.items():
        for name in names.split():
            meanings |= dict.fromkeys((name, f"{name}s"), (unit, WORD, TOKEN))
        meanings.pop(unit, None)  # it is spelt as it is
    for word, others in SPELLINGS.items():
        for name in others.split():
            meanings |= {
                name: (word, WORD, TOKEN),
                f"{name}s": (f"{word}s", WORD, TOKEN),
            }
    meanings["euros"] = ("euro", WORD, TOKEN)
    meanings["cannot"] = ("not", WORD, CANNOT)
    meanings |= {word: (sign, SIGN, TOKEN) for word, sign in SIGNS_OF_WORDS.items()}
    meanings |= dict.fromkeys(DROPPED, ("", WORD, SKIP))
    meanings |= dict.fromkeys(("percent", "pct"), ("%", SIGN, TOKEN))
    for value, word in enumerate(BELOW_TWENTY):
        meanings[word] = (str(value), NUMBER, ONES if 0 < value < 10 else TOKEN)
    for value, word in enumerate(TENS_WORDS, start=2):
        meanings[word] = (str(10 * value), NUMBER, TENS)
    for value, character in enumerate("〇一二三四五六七八九十"):
        meanings[character] = (str(value), NUMBER, TOKEN)
    for word in NAMED:
        meanings[word] = meanings[f"{word}s"] = (word, NUMBER, TOKEN)
    return meanings


def _commands() -> dict[str, Meaning]:
    """Commands by name; one that is not here is read as a word."""
    meanings = dict.fromkeys(LAYOUT, ("", WORD, SKIP))
    meanings |= {
        name.lstrip("\\"): _read_symbol(symbol)
        for symbol, *names in symbols()
        for name in names
        if name.isascii()
    }
    meanings |= {name: (sign, BRACKET, TOKEN) for name, sign in BRACKETS.items()}
    meanings |= dict.fromkeys(FRACTIONS, ("/", SIGN, FRACTION))
    meanings |= dict.fromkeys(BINOMIALS, ("choose", SIGN, BINOMIAL))
    meanings |= dict.fromkeys(("choose",), ("choose", SIGN, TOKEN))
    meanings |= dict.fromkeys(("ne", "neq"), ("=", SIGN, NEGATED))
    meanings |= {"degree": ("degree", WORD, DEGREE), "circ": ("∘", SIGN, DEGREE)}
    meanings |= {
        "times": ("*", SIGN, CROSS),
        "prime": ("'", SIGN, PRIME),
        "not": (NEGATES, SIGN, NOT),
    }
    meanings |= {name: (short, WORD, TOKEN) for name, short in VARIANTS.items()}
    meanings |= dict.fromkeys(("vec", "overrightarrow"), ("vec", WORD, ARROW))
    return {name: _negate(*meaning) for name, meaning in meanings.items()}


def _characters() -> dict[str, Meaning]:
    """Characters that mean another symbol, or more than themselves."""
    meanings = {
        name: _read_symbol(symbol)
        for symbol, *names in symbols()
        for name in (symbol, *names)
        if not name.isascii()
    }
    for code in range(0x2190, 0x2B00):
        meanings.setdefault(chr(code), (chr(code), SIGN, TOKEN))
    meanings |= {"°": ("degree", WORD, DEGREE), "′": ("'", SIGN, PRIME)}
    meanings["×"] = ("*", SIGN, CROSS)
    meanings["∘"] = ("∘", SIGN, DEGREE)
    return {
        name: negated
        for name, meaning in meanings.items()
        if (negated := _negate(*meaning)) != (name, SIGN, TOKEN)
    }


def _read_symbol(symbol: str) -> Meaning:
    if word := WORDS_OF_SYMBOLS.get(symbol):
        return word, WORD, TOKEN
    return symbol, SIGN, TOKEN


def _negate(symbol: str, kind: int, action: int) -> Meaning:
    """A symbol that Unicode draws as another one and a stroke: ∉ is not ∈."""
    base = unicodedata.normalize("NFD", symbol).removesuffix(NEGATES)
    if len(symbol) != 1 or base == symbol or len(base) != 1:
        return symbol, kind, action
    same = {other: symbol for symbol, *others in symbols() for other in others}
    return same.get(base, base), kind, NEGATED


def _environments() -> dict[str, Meaning]:
    r"""What `\begin` and `\end` mean, spelt "{name" and "}name"."""
    meanings: dict[str, Meaning] = {}
    for name in TABLES:
        meanings["{" + name] = ("", WORD, OPEN_TABLE)
        meanings["}" + name] = ("", WORD, CLOSE_TABLE)
    for name, bracket in MATRICES.items():
        kind = SIGN if bracket in ("|", "‖") else BRACKET
        closing = ")" if bracket == "(" else bracket
        meanings["{" + name] = (bracket, kind, OPEN_MATRIX)
        meanings["}" + name] = (closing, kind, CLOSE_MATRIX)
    return meanings
