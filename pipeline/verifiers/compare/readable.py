r"""Expressions so plain that nobody needs to parse them to know they can be read.

Reading LaTeX with a grammar takes ten milliseconds; most gold answers are numbers,
letters, roots, fractions, and lists and intervals of them, which a few rewritings
recognise.
"""

import re

# While a text is rewritten, ƒ stands for a fraction, √ for a root, @ for what is read.
WORDS = {r"\dfrac": "ƒ", r"\tfrac": "ƒ", r"\frac": "ƒ", r"\sqrt": "√", r"\binom": "ƒ"}
WORDS |= {r"\cdot": "·", r"\times": "·", r"\cup": ",", r"\text{ and }": ","}
WORDS |= {r"\text{ or }": ",", r"\left": "", r"\right": "", r"\!": "", r"\,": ""}
WORDS |= {r"\;": "", "$": "", r"\{": "⟨", r"\}": "⟩", ";": ","}
WORD = re.compile("|".join(re.escape(word) for word in WORDS))
GREEK = "pi|infty|alpha|beta|gamma|theta|lambda|mu|phi|omega"
ATOM = re.compile(
    rf"\d{{1,30}}(?:\.\d{{1,30}})?|\\(?:{GREEK})(?![a-zA-Z])"
    r"|(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])"
)
SUM = r"[-+]?@+(?:\^@)?(?:[-+·/]?@+(?:\^@)?)*"
LIST = rf"{SUM}(?:[,=]{SUM})*"
GROUP = re.compile(
    rf"ƒ\{{{SUM}\}}(?:\{{{SUM}\}}|@)|√(?:\[@\])?(?:\{{{SUM}\}}|@)|[\[(]{LIST}[\])]"
    rf"|⟨{LIST}⟩|_\{{{SUM}\}}|_@|\^\{{{SUM}\}}|\\(?:ln|log)@"
)
WHOLE = re.compile(LIST)


def is_plain(text: str) -> bool:
    r"""Whether `text` is numbers, letters, + - · / ^, \frac, \sqrt, or lists of them.

    >>> is_plain(r"\frac{3\sqrt{5}}{7}"), is_plain(r"\frac{3}{"), is_plain("(1,2)")
    (True, False, True)
    """
    if len(text) > 200 or "@" in text:
        return False
    text = WORD.sub(lambda word: WORDS[word[0]], text)
    text = ATOM.sub("@", text).replace(" ", "")
    before = ""
    while before != text:
        before = text
        text = GROUP.sub(_shortened, text)
    return bool(WHOLE.fullmatch(text))


def _shortened(group: re.Match[str]) -> str:
    if group[0][0] == "_":
        return ""
    return "^@" if group[0][0] == "^" else "@"
