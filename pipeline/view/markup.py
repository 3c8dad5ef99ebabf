r"""Texts of rows as HTML: mathematics drawn, code coloured, all else as it is.

A text may hold anything, so it is cut into pieces, each of which is escaped by what
draws it. Formulas stand in `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, code between fences
or backticks. What cannot be drawn is shown as it was written.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape

from pipeline.view.mathematics import draw_formula

LONGEST = 200_000  # characters of a text that are shown
MOST_FORMULAS = 400  # drawn in a text
LONGEST_FORMULA = 2_000
MOST_BLOCKS = 40  # of code that are coloured in a text
LONGEST_CODE = 20_000  # characters of code that are coloured
LANGUAGES = {
    "bash", "c", "c++", "cpp", "csharp", "go", "haskell", "html", "java",
    "javascript", "js", "json", "julia", "kotlin", "lean", "php", "py", "python",
    "python3", "r", "ruby", "rust", "sh", "sql", "swift", "ts", "typescript", "xml",
    "yaml",
}  # fmt: skip
FENCE = re.compile(r"```([\w+#-]{0,20})[^\n]{0,80}\n(.*?)(?:\n[ \t]{0,8}```|\Z)", re.S)
OPENERS = re.compile(r"\$\$|\\\[|\\\(|(?<![\\$\w])\$(?=[^\s$])|`(?=[^`\n])")
COMMAND = re.compile(r"\\[A-Za-z]+(?:\{[A-Za-z ]*\})?")
WORD = re.compile(r"[A-Za-z]{3}")
LONGEST_ANSWER = 200  # characters of a formula that stands alone
CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$", "`": "`"}


@lru_cache(maxsize=512)
def draw_text(text: str | None) -> Markup:
    """A text as HTML; nothing in it can become an element of its own."""
    if not text:
        return Markup("")
    if (alone := _draw_alone(text)) is not None:
        return alone
    shown = text[:LONGEST]
    pieces = [*_pieces(shown)]
    if len(text) > LONGEST:
        cut = f"… cut: {len(text) - LONGEST:,} more characters"
        pieces.append(Markup('<span class="cut">{}</span>').format(cut))
    return Markup("").join(pieces)


def _draw_alone(text: str) -> Markup | None:
    r"""A text that is a formula without dollars, as answers are: `\frac{3}{8}`."""
    is_short = len(text) <= LONGEST_ANSWER and COMMAND.search(text)
    if not is_short or any(sign in text for sign in "$`\n"):
        return None
    if "\\(" in text or "\\[" in text or WORD.search(COMMAND.sub("", text)):
        return None
    drawn = _draw_formula(text, text, "$", may=True)
    return drawn if "<math" in drawn else None


def _pieces(text: str) -> Iterator[Markup]:
    end = 0
    for number, fence in enumerate(FENCE.finditer(text)):
        yield from _draw_prose(text[end : fence.start()])
        yield draw_code(fence[2], fence[1].lower() if number < MOST_BLOCKS else "")
        end = fence.end() + text.startswith("\n", fence.end())
    yield from _draw_prose(text[end:])


def _draw_prose(text: str) -> Iterator[Markup]:
    end = drawn = 0
    for opener in OPENERS.finditer(text):
        start, sign = opener.span()[0], opener[0]
        if start < end or (close := _find_close(text, opener.end(), sign)) is None:
            continue
        yield _escape_prose(text[end:start])
        inside, end = text[opener.end() : close], close + len(CLOSERS[sign])
        if sign == "`":
            yield Markup("<code>{}</code>").format(inside)
            continue
        drawn += 1
        yield _draw_formula(inside, text[start:end], sign, may=drawn <= MOST_FORMULAS)
    yield _escape_prose(text[end:])


def _escape_prose(text: str) -> Markup:
    r"""Text between formulas: TeX writes money as `\$5` there, and shares as `5\%`."""
    return escape(re.sub(r"\\([$%])", r"\1", text))


def _find_close(text: str, start: int, sign: str) -> int | None:
    """Where what `sign` opened ends; None where it does not.

    A dollar closes where no space is before it and no digit behind: "from $5 to $7" is
    money. Neither it nor a backtick closes on another line.
    """
    close = text.find(CLOSERS[sign], start, start + LONGEST_FORMULA)
    while sign == "$" and close > 0 and text[close - 1] == "\\":
        close = text.find(sign, close + 1, start + LONGEST_FORMULA)
    if close <= start or (len(sign) == 1 and "\n" in text[start:close]):
        return None
    is_number = text[close + 1 : close + 2].isdigit() and "\\" not in text[start:close]
    is_money = text[close - 1].isspace() or is_number
    return None if sign == "$" and is_money else close


def _draw_formula(latex: str, written: str, sign: str, *, may: bool) -> Markup:
    is_block = sign in ("$$", "\\[")
    drawn = draw_formula(latex.strip(), is_block=is_block) if may else None
    if drawn is None:
        return Markup('<code class="tex">{}</code>').format(written)
    form = Markup('<span class="formula" title="{}">{}</span>')
    return form.format(latex.strip(), drawn)


def draw_code(code: str, language: str = "python") -> Markup:
    """A block of code, coloured where its language is known and it is not too long."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    form = Markup('<pre class="code" tabindex="0"><code>{}</code></pre>')
    plain = form.format(code)
    if language not in LANGUAGES or len(code) > LONGEST_CODE:
        return plain
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return plain
    coloured = highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip()
    return form.format(Markup(coloured))


def code_styles() -> str:
    """The colours of code, on light and on dark ground."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="xcode").get_style_defs(".code")
    dark = HtmlFormatter(style="lightbulb").get_style_defs(".code")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
