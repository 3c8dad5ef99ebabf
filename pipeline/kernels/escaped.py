r"""Texts that stand in a pool as values of JSON: `{"question": "Find $\\frac12$.\n"}`.

A record that was never parsed, or parsed once where it was written twice, is read as
what it says. Otherwise every `\\frac` would be a line break and a word.
"""

import json
import re
from typing import Any

from pipeline.surrogates import mend_surrogates

BLANKS = r"[^\S\x1c-\x1f]*"
RECORD = re.compile(rf"{BLANKS}(?:\{{{BLANKS}\"|\[{BLANKS}[\{{\"]|\")")
ESCAPED = re.compile(r'\\\\[A-Za-z(\[$]|\\"')  # \\frac, \\[ and \"
# A text in which LaTeX stands as it is: \frac, and not \\frac or \n.
PLAIN = re.compile(r'(?<!\\)(?:\\\\)*\\(?![\\"/nrtbfu])')
COMMAND = re.compile(r"(?<!\\)(?:\\\\)*\\[a-z]{2}")  # or an escape: \neq, \now
# Commands of LaTeX that begin as an escape does; none but \beta and \frac like \b, \f.
LIKE_ESCAPES = """
ne neq nu nabla not notin ni nmid nexists nleq ngeq newline rho right rangle rm rfloor
rceil times theta text textbf textit tan tanh tau to top triangle tilde tfrac therefore
"""
ESCAPES = re.compile(
    rf'\\(u[0-9a-fA-F]{{4}}|[\\"/]|(?!(?:{"|".join(LIKE_ESCAPES.split())})(?![a-z]))[nrt])'
)
CONTROLS = dict(zip("nrt", "\n\r\t", strict=True))


def read_string(text: str) -> str:
    """As `read_value`; an object or a list, whose keys and numbers count, stays."""
    is_other = RECORD.match(text) and not text.lstrip().startswith('"')
    return text if is_other else read_value(text)


def read_value(text: str) -> str:
    """What `text` says if it is a value of JSON, or was escaped as one."""
    is_escaped = ESCAPED.search(text)
    if not (is_escaped or RECORD.match(text)) or PLAIN.search(text):
        return text
    may_be_latex = COMMAND.search(text) and not is_escaped
    try:
        value = json.loads(text, strict=False)
        said = "\n".join(_strings(value))
        is_latex = isinstance(value, str) and may_be_latex
    except (ValueError, RecursionError):
        said, is_latex = ESCAPES.sub(_unescape, text), may_be_latex
    # An escape may name half of a character, which no column of texts holds.
    return text if is_latex else mend_surrogates(said)


def _strings(value: Any) -> list[str]:
    """The texts in a value of JSON, in order, and in those that are JSON again."""
    if isinstance(value, str) and value[:1] in ("{", "[") and RECORD.match(value):
        try:  # the arguments of a call
            value = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []


def _unescape(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    return CONTROLS.get(escape, escape)
