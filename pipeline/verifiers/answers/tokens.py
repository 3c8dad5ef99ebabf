r"""Text of an answer as tokens: LaTeX, Unicode and plain spelling become one.

Layout goes (spaces, `\left`, fonts, colours, dollar signs); everything else is a token
or the text is unreadable, with the place. Digits are grouped into numbers here, and
nowhere else: `1,234` and `1{,}234` are one number, `1 234` is two.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

VOCABULARY = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ACCENTS, FUNCTIONS, GREEK = (
    frozenset(VOCABULARY[table]) for table in ("accents", "functions", "greek")
)
SAME, PLAIN = (
    {name: name for name in VOCABULARY[names].split()}
    | {way: name for name, ways in VOCABULARY[table].items() for way in ways.split()}
    for names, table in (("signs", "same"), ("plain", "plain_same"))
)
# What a command is: the kind of its token, layout, space, colour, text or wrapper.
TOKENS = dict.fromkeys([*VOCABULARY["command"], *ACCENTS], "command")
TOKENS |= dict.fromkeys(GREEK, "name") | dict.fromkeys(FUNCTIONS, "function")
KINDS: dict[str, str]
KINDS = {name: TOKENS.get(sign, "sign") for name, sign in SAME.items()} | TOKENS
for table in ("layout", "spaces", "colours", "texts", "wrappers"):
    KINDS |= dict.fromkeys(VOCABULARY[table], table)

MAX_LENGTH = 4_000
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₙ", "0123456789+-n")
RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋ₙ]+")
NAMED = VOCABULARY["command_signs"].split()
SPELLED = VOCABULARY["unicode"] | {
    rf"\{name} ": signs for name, signs in zip(NAMED[::2], NAMED[1::2], strict=True)
}
UNICODE = str.maketrans({sign: s for s, signs in SPELLED.items() for sign in signs})
for sign in VOCABULARY["blackboard"] + VOCABULARY["fractions"]:
    parts = unicodedata.normalize("NFKC", sign).split("\u2044")
    command = r"\mathbb" if len(parts) == 1 else r"\frac"
    UNICODE[ord(sign)] = command + "".join(f"{{{part}}}" for part in parts)
TRAILING_DOTS = re.compile(r"(\d\.\d+)\s*(?:\.{3}|…|\\[lc]?dots)\s*$")
EMPTY = re.compile(r"\{(?<![\\}A-Za-z]\{)\s*\}")
ORDINAL = re.compile(
    r"(?<=\d)\s*(?:(?:st|nd|rd|th)\b"
    r"|\^?\s*\{?\s*\\(?:text|mathrm|textsuperscript|rm)\s*\{\s*(?:st|nd|rd|th)\s*\}\s*\}?"
    r"|\^\s*\{\s*(?:st|nd|rd|th)\s*\})"
)
OF_WORDS = re.compile(
    r"\\[dt]?frac\s*\{\s*\\(?:text|mathrm)\s*\{([^{}]*)\}\s*\}"
    r"\s*\{\s*\\(?:text|mathrm)\s*\{([^{}]*)\}\s*\}"
)
LIBRARY = re.compile(r"\b(?:np|math|sympy|sp)\.(?=[a-z])")
INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
# What is spelled anew, where a sign of it stands in the text.
REWRITTEN = (
    (re.compile(r"\."), LIBRARY, ""),
    (re.compile("st|nd|rd|th"), ORDINAL, ""),
    (re.compile("frac"), OF_WORDS, r"\\text{\1/\2}"),
    (re.compile("{"), EMPTY, ""),
    (re.compile(r"\.\.\.|dots|…"), TRAILING_DOTS, r"\1"),
)
GROUPED = re.compile(
    r"[1-9]\d{0,2}(?:(?:,(?:\\!)?|\{,\}|\\,|\\!,)\d{3})+(?!\d)"
    r"|[1-9]\d{0,2}(?:,\\! \d{3})+(?!\d)"
)
NUMBER = re.compile(r"\d+(?:\.\d+)|\d+\.(?=\s*[/*+^-])|\d+|\.\d+")
SCIENTIFIC = re.compile(r"(\d+(?:\.\d+)?)[eE]([+-]?\d{1,4})(?![\w.])")
REPEATING = re.compile(
    r"(\d*)\.(\d*)(?:\\(?:overline|bar|dot)\{(\d+)\}|\((\d+)\)(?=\W*$))"
)
BELOW = r"[A-Za-z]{2,}(?: [A-Za-z]+)*"
SUBSCRIPT = re.compile(
    r"_\{\s*(?:\\(?:text|mathrm|rm|textrm|operatorname)\s*\{\s*"
    rf"{BELOW}\s*\}}|(?!\\infty)\\?{BELOW})\s*\}}"
)
# Space, and a number that no rule for decimals, groups or powers of ten can concern.
START = re.compile(r"(?P<space>(?:[\s$]|\\\$)+)|(?P<whole>\d+(?![\d.,\\{eE]))")
UPRIGHT = re.compile(r"\\(?:text|mathrm|rm|textrm|operatorname)\b|[\\{}\s]")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
NAME = re.compile(r"[^\W\d_]+")
COMMAND = re.compile(r"\\([A-Za-z]+(?:(?<=operatorname)\*)?|.)", re.S)
SIGNS = re.compile(
    r"\*\*|<=>|<=|>=|!=|==|=>|->|\.\.\.|\|\||[-+*/^_!=<>()\[\]{}|,;:&'%~]"
)
SAME_SIGNS = {"==": "=", "**": "^"}


class Token(NamedTuple):
    """A token: its kind, its text, where it stands, and whether a space is before it.

    kinds: `number`, `name` (a symbol), `letters` (a run of plain letters), `word` (of
    text), `function`, `command` (with arguments of its own), `sign`.
    """

    kind: str
    text: str
    start: int
    spaced: bool = False


class Unreadable(Exception):
    """Why a text cannot be read, and at which character."""

    def __init__(self, why: str, start: int = 0) -> None:
        super().__init__(f"{why} at {start}" if start > 0 else why)
        self.why, self.start = why, start


def tokenise(text: str, *, grouping: bool = True) -> tuple[Token, ...]:
    """The tokens of an answer as `spell` spells it.

    `grouping`: `1,234` is one number. Raises Unreadable where a character or a command
    is not known.
    """
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"{len(text):,} characters")
    return tuple(_scan(text, grouping, is_text=False, offset=0))


@lru_cache(20_000)
def spell(text: str) -> str:
    """The text with Unicode's signs as LaTeX, and nothing invisible."""
    for sign, pattern, into in REWRITTEN:
        if sign.search(text):
            text = pattern.sub(into, text)
    if text.isascii():
        return text
    text = RAISED.sub(lambda m: "^{" + m[0].translate(SUPERSCRIPTS) + "}", text)
    text = LOWERED.sub(lambda m: "_{" + m[0].translate(SUBSCRIPTS) + "}", text)
    return INVISIBLE.sub("", text).translate(UNICODE)


def _scan(text: str, grouping: bool, *, is_text: bool, offset: int) -> list[Token]:
    scanned: list[Token] = []
    i, spaced = 0, False
    while i < len(text):
        match = START.match(text, i)
        if match and match.lastgroup == "space":
            spaced, i = True, match.end()
            continue
        if match and match.lastgroup == "whole":
            scanned.append(Token("number", match[0], offset + i, spaced))
            spaced, i = False, match.end()
            continue
        tokens, i, is_space = _next(text, i, grouping, is_text, offset)
        if tokens and spaced:
            tokens[0] = tokens[0]._replace(spaced=True)
        scanned += tokens
        spaced = is_space if not tokens else False
    return scanned


def _next(
    text: str, i: int, grouping: bool, is_text: bool, offset: int
) -> tuple[list[Token], int, bool]:
    """The tokens that start at `i`, where they end, and whether they are a space."""
    start = offset + i
    char = text[i]
    if char == "\\":
        return _command(text, i, grouping, offset)
    if match := SIGNS.match(text, i):
        return _sign(text, match, start)
    if char.isdigit() or (char == "." and text[i + 1 : i + 2].isdigit()):
        number, end = _number(text, i, grouping)
        return [Token("number", number, start)], end, False
    if match := (WORD if is_text else NAME).match(text, i):
        # Capitals in a text are names: options, points, Roman numerals.
        is_name = is_text and match[0].isupper() and len(match[0]) <= 4
        kind = "word" if is_text and not is_name else "letters"
        return [Token(kind, match[0], start)], match.end(), False
    if char in ".?!":
        return [Token("sign", char, start)], i + 1, False
    raise Unreadable(f"{char!r} is not known", start)


def _sign(text: str, match: re.Match[str], start: int) -> tuple[list[Token], int, bool]:
    sign = match[0]
    if sign == "~":
        return [], match.end(), True
    if sign == "_" and (below := SUBSCRIPT.match(text, match.start())):
        name = UPRIGHT.sub("", below[0][1:]).lower()
        tokens = [Token("sign", "_", start), Token("name", name, start + 1)]
        return tokens, below.end(), False
    return [Token("sign", SAME_SIGNS.get(sign, sign), start)], match.end(), False


def _number(text: str, i: int, grouping: bool) -> tuple[str, int]:
    """A number as Python writes it, `12.5e3`, or `0.(3)` where digits repeat."""
    if match := REPEATING.match(text, i):
        return f"{match[1]}.{match[2]}({match[3] or match[4]})", match.end()
    match = GROUPED.match(text, i)
    if match and not grouping and re.fullmatch(r"[\d,]+", match[0]):
        match = None
    if match and not _is_pair(text, match):
        digits = re.sub(r"\D", "", match[0])
        rest = re.compile(r"\.\d+").match(text, match.end())
        return digits + (rest[0] if rest else ""), rest.end() if rest else match.end()
    if match := SCIENTIFIC.match(text, i):
        return f"{match[1]}e{int(match[2])}", match.end()
    match = NUMBER.match(text, i)
    if match is None:
        raise Unreadable(f"{text[i]!r} is no digit", i)
    return match[0].rstrip("."), match.end()


def _is_pair(text: str, match: re.Match[str]) -> bool:
    """Whether `(12,345)` holds two numbers: brackets close on both sides."""
    before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
    is_bracketed = before[-1:] in ("(", "[") and after[:1] in (")", "]")
    return is_bracketed and "\\" not in match[0] and "{" not in match[0]


def _command(
    text: str, i: int, grouping: bool, offset: int
) -> tuple[list[Token], int, bool]:
    match = COMMAND.match(text, i)
    if match is None:
        raise Unreadable("ends with a backslash", offset + i)
    name, end, start = str(match[1]), match.end(), offset + i
    if name not in KINDS:
        raise Unreadable(f"\\{name} is not known", start)
    kind = KINDS[name]
    if kind == "layout":
        # `\left.` is an empty bracket.
        is_empty = name in ("left", "right") and text[end : end + 1] == "."
        return [], end + is_empty, False
    if kind == "spaces":
        return [], end, name != "!"
    if kind in ("texts", "wrappers"):
        return _argument(text, end, grouping, offset, name)
    if kind == "colours" or name in ("begin", "end"):
        inner, end = _braced(text, end, offset)
        if kind == "colours":
            return [], end, False
        if (name, inner) == ("begin", "array"):
            _, end = _braced(text, end, offset)
        name = f"{name} {inner}"
    return [Token(kind, SAME.get(name, name), start)], end, False


def _argument(
    text: str, i: int, grouping: bool, offset: int, command: str
) -> tuple[list[Token], int, bool]:
    r"""What stands in the braces of `\text{…}`; a word alone may be a function."""
    inner, end = _braced(text, i, offset)
    word, is_text = inner.strip(), KINDS[command] == "texts"
    if command in ("mathrm", "operatorname", "operatorname*"):
        if word in FUNCTIONS:
            return [Token("function", word, offset + i)], end, False
        if len(word) == 1 and word.isalpha():
            return [Token("letters", word, offset + i)], end, False
    index = offset + end - len(inner) - 1
    tokens = _scan(inner, grouping, is_text=is_text, offset=index)
    if not is_text and len(tokens) > 1:
        # One group: \mathbf{ab}^2 raises both.
        around = Token("sign", "{", index), Token("sign", "}", index)
        tokens = [around[0], *tokens, around[1]]
    if tokens and is_text:
        tokens[0] = tokens[0]._replace(spaced=True)
    return tokens, end, not tokens


def _braced(text: str, i: int, offset: int) -> tuple[str, int]:
    """The text in the braces that open at `i`, or the next character, and its end."""
    while i < len(text) and text[i].isspace():
        i += 1
    if i >= len(text):
        raise Unreadable("an argument is missing", offset + i)
    if text[i] != "{":
        command = COMMAND.match(text, i)
        return (command[0], command.end()) if command else (text[i], i + 1)
    depth = 0
    for end in range(i, len(text)):
        if text[end] in "{}" and text[end - 1] != "\\":
            depth += 1 if text[end] == "{" else -1
            if depth == 0:
                return text[i + 1 : end], end + 1
    raise Unreadable("a brace is not closed", offset + i)
