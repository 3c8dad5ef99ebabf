r"""Layout around an answer that is no part of it: Markdown, HTML, other models' boxes.

`**42**`, `_42_`, `` `42` ``, `<b>42</b>` and `> 42` all say 42. Stars that stand
between two values are a power and stay: `2**10`.
"""

import re

TAGS = re.compile(
    r"</?(?:b|i|u|em|strong|span|p|div|center|code|sub|big|br)\b[^<>]*>", re.I
)
# A pattern that begins with its sign is looked for at that sign alone: what may not
# stand before the sign is asked behind it.
STARS = re.compile(
    r"\*(?:(?<![\w)*]\*)\*{0,2}(?=[^\s*])|(?<=[^\s*]\*)\*{0,2}(?![\w(\\*]))"
)
UNDERLINES = re.compile(
    r"_(?<![\w\\}]_)_{0,2}(?=[^\s_{])([^_\n{}]{1,60}?)_{1,3}(?![\w{])"
)
TICKS = re.compile(r"`(?<!``)([^`\n]{1,80})`(?!`)")
QUOTES = re.compile(r"[\"“«](?<![\w\\:][\"“«])([^\"“”«»\n]{1,60})[\"”»](?!\w)")
QUOTED_LINE = re.compile(r"^[ \t]*>[ \t]+", re.M)
MODEL_BOX = re.compile(r"<\|begin_of_box\|>(.*?)<\|end_of_box\|>", re.S)
LATEX = re.compile(
    r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf|mbox|boxed|left|right)(?![A-Za-z])\s*|[{}$]"
)
SPACES = re.compile(r"\\[ ,;:!]|\\q?quad(?![A-Za-z])|~")
ENDINGS = "∎", "■", "□", "◻", "QED", "Q.E.D"


def plain(text: str) -> str:
    """A short text without LaTeX's fonts, braces and spaces."""
    return LATEX.sub("", SPACES.sub(" ", text)).strip()


def strip_markup(text: str) -> str:
    """The text without emphasis, tags and quotes; linear in its length."""
    if "<|" in text:
        text = MODEL_BOX.sub(r"\\boxed{\1}", text)
    if "<" in text:
        text = TAGS.sub("", text)
    if "*" in text:
        text = STARS.sub("", text)
    if "_" in text:
        text = UNDERLINES.sub(r"\1", text)
    if "`" in text:
        text = TICKS.sub(r"\1", text)
    if '"' in text or "“" in text or "«" in text:
        text = QUOTES.sub(r"\1", text)
    if "> " in text or ">\t" in text:
        text = QUOTED_LINE.sub("", text)
    # By hand: a pattern that ends in white space is quadratic in it.
    bare = text.rstrip().removesuffix(".").rstrip()
    for ending in ENDINGS:
        if bare.endswith(ending):
            return bare.removesuffix(ending).rstrip()
    return text
