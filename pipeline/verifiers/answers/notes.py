"""The words around a formula: their text without layout, and what only notes."""

import re

from pipeline.verifiers.answers.tokens import Token
from pipeline.verifiers.extract.boxes import find_closing

LAYOUT = re.compile(
    r"\\(?:textbf|textit|textrm|text|mathrm|mathbf|mbox|rm|operatorname)\s*"
    r"|\\[,;:! ]|[{}$~]|\\quad|\\ "
)
POWER = re.compile(r"\^\s*\{\s*([^{}]*?)\s*\}")
DOUBTS = re.compile(r"\b(?:or|not|mod|wrong|false|\w*n't)\b")


def text_of(tokens: list[Token], text: str) -> str:
    """The text that the tokens were read from."""
    last = tokens[-1]
    return text[tokens[0].start : last.start + len(last.text)]


def clean(text: str) -> str:
    """The text of words and units without LaTeX's layout."""
    text = text.replace("\\Omega", "Ω").replace("\\mu", "μ")
    return " ".join(LAYOUT.sub(" ", POWER.sub(r"^\1", text)).split())


def cut_bracket(tokens: list[Token]) -> tuple[list[Token], str]:
    """A bracket that opens before words and holds them: it is a note."""
    depth = 0
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token.kind != "sign":
            continue
        depth += (token.text in (")", "]")) - (token.text in ("(", "["))
        if depth < 0 and index:
            return tokens[:index], "("
    return tokens, ""


def is_note(after: str) -> bool:
    """Whether a bracket stands behind the value, and nothing that says more."""
    words = clean(after).lower()
    is_whole = find_closing(words, 0) in (-1, len(words.rstrip(" .)")))
    return words.startswith("(") and is_whole and not DOUBTS.search(words)
