r"""The normal form of a text: one spelling of what layout changes and meaning does not.

`normalise` takes away delimiters, boxes, fonts, spacing commands and the many ways to
write a sign or to group digits: `$\dfrac{1}{2}$`, `\(\frac12\)` and `½` become
`\frac{1}{2}`, `\frac{1}{2}` and `1/2`. Digits and brackets of other scripts become
ASCII. Nothing here computes; every pattern is linear in the text.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from pathlib import Path

from pipeline.verifiers.extract.boxes import find_closing, last_box

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SIGNS, COMMANDS = TABLE["signs"], TABLE["commands"]
RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
LOWERED_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
SIGN = re.compile("|".join(map(re.escape, SIGNS)))
ROOT = re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z]|\([^()]*\)|\{[^{}]*\})?")
# What a second escaping of the backslash leaves: \\frac for \frac, and \n for a line.
ESCAPED = re.compile(
    r"(?<!\\)\\\\(?=(?:[dtc]?frac|left|right|boxed|text|sqrt|pi|leq?|geq?|neq?|infty|circ|cup"
    r"|cdot|times|begin|end|angle|pm|mathrm|in)(?![A-Za-z]))"
)
# `,\!` and thin spaces group digits anywhere; a bare comma only outside of lists.
SPACED = re.compile(
    r"(?<![\d.,])\d{1,3}(?:(?:,?\\[,!;: ]\s*|~|\s?\{\s?,\s?\}\s?|'| )\d{3})+(?![\d/])"
)
COMMAS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?!\d|,\d)")
POINTS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:\.\d{3}){2,}(?![\d.])")
# Commas part members in (1,200), and where a space follows one.
COMMA_LIST = re.compile(r"[(\[{][^()\[\]{}]*,|,\s")
FONTS = (
    "text|textbf|textit|textrm|textsf|textnormal|mathrm|mathbf|mathit|mathsf|mathcal"
    "|boldsymbol|bm|mbox|hbox|operatorname|bf|rm|it|emph|underline"
)
RULES: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"\\(?:left|right|big|Big|bigg|Bigg)[lr]?(?![a-zA-Z])\s*\.?", ""),
    (r"\\(?:displaystyle|textstyle|limits|mathstrut)(?![a-zA-Z])", ""),
    (r"(?<!\\)\\!|\\(?:hspace|vspace|phantom|tag|label)\*?\{[^{}]*\}", ""),
    (r"(?<!\\)\\[,;: ]|\\q?quad(?![a-zA-Z])|~", " "),
    (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
    (rf"\\(?:{FONTS})\*?\s*\{{([^{{}}]*)\}}", r" \1 "),
    (r"\\(?:bf|rm|it|sf)(?![a-zA-Z])", " "),
    (r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])|<=|=<", r"\\le "),
    (r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])|>=", r"\\ge "),
    (r"\\neq(?![a-zA-Z])|!=|\\not\s*=", r"\\ne "),
    (rf"\\({'|'.join(COMMANDS)})(?![a-zA-Z])", lambda name: COMMANDS[name[1]]),
    (r"\\(?:mathbb|Bbb)\s*\{?([RZNQC])\}?", r"\\mathbb{\1}"),
    (r"\\backslash(?![a-zA-Z])", r"\\setminus"),
    (r"\\frac\s*(\d)|\\frac\s+([a-zA-Z])", r"\\frac{\1\2}"),
    (r"\\frac\s*(\\[a-zA-Z]+)(?![a-zA-Z{])", r"\\frac{\1}"),
    (r"(\\frac\s*\{[^{}]*\})\s*([\da-zA-Z])", r"\1{\2}"),
    (r"\\frac\s+\{", r"\\frac{"),
    (r"(\\frac\{[^{}]*\})\s+\{", r"\1{"),
    (r"\\?(?<![a-zA-Z])sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
    (r"\\sqrt\s*(\d)|\\sqrt\s+([a-zA-Z])", r"\\sqrt{\1\2}"),
    (r"\\sqrt\s+\{", r"\\sqrt{"),
    (r"(?<![a-zA-Z\\])pi(?![a-zA-Z])", r"\\pi "),
    (r"(?<![a-zA-Z\\])(?:infinity|infty|inf|oo)(?![a-zA-Z])", r"\\infty "),
    (r"\+\s?/\s?-", r"\\pm "),
    (r"(?<=\d) ?[aA]\.? ?[mM]\b\.?", " am"),
    (r"(?<=\d) ?[pP]\.? ?[mM]\b\.?", " pm"),
    (r"(?<=\d):00(?= [ap]m\b)", ""),
    (r"(?<=[)\]]) ?[Uu] ?(?=[(\[])", r" \\cup "),
    (r"\\colon(?![a-zA-Z])", ":"),
    (r"\*\*", "^"),
    (r"([_^])(\d{2,})", r"\1{\2}"),
    (r"\\?%", "%"),
    (r"(?:\{\s*\})?(?:\{\s*\^\s*\\circ\s*\}|\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-zA-Z]))",
     " degrees "),
    (r"\s+", " "),
]  # fmt: skip
LAYOUT = [(re.compile(pattern), into) for pattern, into in RULES]
WRAPPED = re.compile(
    r"\$\$?(.*?)\$?\$|\\\((.*)\\\)|\\\[(.*)\\\]|\*\*(.*)\*\*|`(.*)`|\"(.*)\"", re.S
)
NUMBER = re.compile(r"[-+]?\d{1,300}(?:\.\d{1,300})?")
ENDS = ".,;:。"
INTERVAL = re.compile(r"([\[\]])([^\[\]]*[,;][^\[\]]*)([\[\]])")
OUTWARD = re.compile(
    r"(?:[A-Za-z] ?\\in ?)?[\[\]][^\[\]]*[,;][^\[\]]*[\[\]]"
    r"(?: ?\\cup ?[\[\]][^\[\]]*[,;][^\[\]]*[\[\]])*"
)
BETWEEN = re.compile(r"\$\s*((?:,|;|and|or|\\text\{ ?(?:and|or) ?\}|\s)*)\s*\$")


@lru_cache(50_000)
def normalise(answer: str) -> str:
    """`answer` in normal form; empty text stays empty."""
    text = answer.strip()
    if NUMBER.fullmatch(text):
        return text
    if "&" in text:
        text = unescape(text)
    if not text.isascii():
        text = _to_ascii(text)
    if "\\\\" in text:
        text = ESCAPED.sub(r"\\", text)
    if "\\" in text and (content := last_box(text)) is not None:
        text = content
    text = _unwrap(text)
    if "$" in text and BETWEEN.search(text):
        text = BETWEEN.sub(r" \1 ", text).strip("$ ")
    text = _ungroup_digits(text)
    for pattern, into in LAYOUT:
        text = pattern.sub(into, text)
    text = _strip_braces(_strip_ends(text))
    if OUTWARD.fullmatch(text):
        text = INTERVAL.sub(_turn_brackets, text)
    return re.sub(r"(?<!\\)\\+$", "", text).strip()


def squeeze(text: str) -> str:
    """Without spaces and multiplication signs: for equality as text."""
    if text.isalnum():
        return text
    return re.sub(r"\\cdot(?![a-zA-Z])|\\times(?![a-zA-Z])|\*|\s", "", text)


def _turn_brackets(interval: re.Match[str]) -> str:
    """An interval whose open ends are written [ and ], as in ]2,5[, with ( and )."""
    opens, ends, closes = interval.groups()
    return f"{'(' if opens == ']' else '['}{ends}{')' if closes == '[' else ']'}"


def _to_ascii(text: str) -> str:
    """Signs, digits and brackets of other scripts in LaTeX and ASCII."""
    text = RAISED_RUN.sub(lambda run: f"^{{{_plain(run[0])}}}", text)
    text = LOWERED_RUN.sub(lambda run: f"_{{{_plain(run[0])}}}", text)
    text = ROOT.sub(_latex_root, text)
    text = SIGN.sub(lambda sign: SIGNS[sign[0]], text)
    return "".join(sign if sign.isascii() else _ascii_sign(sign) for sign in text)


def _latex_root(root: re.Match[str]) -> str:
    inside = (root[1] or "").strip("(){}")
    return f"\\sqrt{{{inside}}}" if inside else "\\sqrt "


def _ascii_sign(sign: str) -> str:
    """Spaces, digits, ½, and what is ASCII but for its width, in ASCII; others stay."""
    if sign.isspace():
        return " "
    value = unicodedata.decimal(sign, None)
    if value is not None:
        return str(value)
    plain = _plain(sign)
    if "⁄" in plain:
        return f" {plain.replace('⁄', '/')}"
    return plain if "！" <= sign <= "～" else sign


def _plain(text: str) -> str:
    """The signs that raised, lowered, wide and composed ones stand for."""
    return unicodedata.normalize("NFKC", text)


def _strip_ends(text: str) -> str:
    return text.strip().rstrip(ENDS).strip()


def _unwrap(text: str) -> str:
    text = _strip_ends(text)
    while (wrapped := WRAPPED.fullmatch(text)) and (inside := _only_layer(wrapped)):
        text = _strip_ends(inside)
        if "\\boxed" in text:
            text = last_box(text) or text
    return text


def _only_layer(wrapped: re.Match[str]) -> str:
    """What the one layer of wrapping holds; "" where it is two formulas."""
    inside = next((group for group in wrapped.groups() if group), "")
    both = any(mark in inside for mark in ("$", "\\)", "\\]", "**", '"'))
    return "" if both else inside


def _ungroup_digits(text: str) -> str:
    """Without the signs that group digits by three."""
    text = SPACED.sub(lambda run: re.sub(r"\D", "", run[0]), text)
    if "," in text and not COMMA_LIST.search(text):
        text = COMMAS.sub(lambda run: run[0].replace(",", ""), text)
    return POINTS.sub(lambda run: run[0].replace(".", ""), text)


def _strip_braces(text: str) -> str:
    """Without TeX's own braces around everything: `{1,2}` is printed as 1,2."""
    while text.startswith("{") and text.endswith("}") and not text.endswith("\\}"):
        if find_closing(text, 0, "{", "}") not in (-1, len(text) - 1):
            break
        text = text[1:-1].strip()
    return text
