r"""Expressions so plain that nobody needs to parse them to know they can be read.

Reading LaTeX with a grammar takes ten milliseconds; most gold answers are roots and
fractions of numbers and letters, which a few rewritings recognise.
"""

import re

WORDS = {r"\dfrac": "ƒ", r"\tfrac": "ƒ", r"\frac": "ƒ", r"\sqrt": "√", r"\cdot": "·"}
WORDS |= {r"\times": "·", r"\left": "", r"\right": "", r"\!": "", r"\,": "", "$": ""}
WORD = re.compile("|".join(re.escape(word) for word in WORDS))
ATOM = re.compile(
    r"\d{1,30}(?:\.\d{1,30})?|\\pi(?![a-zA-Z])|(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])"
)
SUM = r"[-+]?@+(?:\^@)?(?:[-+·/]?@+(?:\^@)?)*"
GROUP = re.compile(
    rf"ƒ\{{{SUM}\}}\{{{SUM}\}}|√(?:\[@\])?\{{{SUM}\}}|\({SUM}\)|\^\{{{SUM}\}}"
)
WHOLE = re.compile(SUM)


def is_plain(text: str) -> bool:
    r"""Whether `text` is made of numbers, letters, + - · / ^, \frac and \sqrt alone.

    >>> is_plain(r"\frac{3\sqrt{5}}{7}"), is_plain(r"\frac{3}{"), is_plain("(1,2)")
    (True, False, False)
    """
    if len(text) > 200 or "@" in text:
        return False
    text = WORD.sub(lambda word: WORDS[word[0]], text)
    text = ATOM.sub("@", text).replace(" ", "")
    before = ""
    while before != text:
        before = text
        text = GROUP.sub(lambda group: "^@" if group[0][0] == "^" else "@", text)
    return bool(WHOLE.fullmatch(text))
