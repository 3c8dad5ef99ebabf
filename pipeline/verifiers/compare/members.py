r"""Lists, sets, tuples and matrices: where their members begin and end.

Members are parted at top-level commas, semicolons, "and" and "or": `(1, f(2,3))` has
the members 1 and f(2,3). A semicolon parts groups where commas stand too. Labels
(`x = 1`) are told apart from their values.
"""

import re
from typing import NamedTuple

from pipeline.verifiers.extract.boxes import find_closing


class Members(NamedTuple):
    """Brackets ("" where there are none) and what stands between their commas."""

    opens: str
    parts: list[str]
    closes: str


BRACKETS = (("\\{", "\\}"), ("(", ")"), ("[", "]"), ("(", "]"), ("[", ")"))
SEPARATOR = re.compile(
    r"[(\[{]|[)\]}]|[,;]| (?:and|or|et|und|или|и) |和|或"
    r"|(?<=\d) y (?=\d)|(?<=[\d)\]}])(?:and|or)(?=[\d(\[\\A-Za-z-])"
)
ADJACENT = re.compile(r"(?:\([^(),]+,[^()]*\)\s*){2,}")
NAME = r"\\?[A-Za-z]+(?:_\{?\w+\}?)?'?"
NAMED = re.compile(
    rf"{NAME}(?:\([\w, ]+\))?|[A-Za-z ]+|\({NAME}(?:, ?{NAME})+\)|\|[A-Za-z ]+\||"
    rf"\\angle ?[A-Z]+|\\frac\{{[A-Z]{{2}}\}}\{{[A-Z]{{2}}\}}|[A-Z]{{2}}/[A-Z]{{2}}|"
    rf"{NAME}(?:\([\w, ]+\))?(?: ?: ?{NAME})+|P ?\(.{{1,20}}\)"
)
MATRIX = re.compile(
    r"\\begin\{([pbB]?matrix|smallmatrix|array)\}(?:\{[lcr| ]*\})?(.*)\\end\{\1\}",
    re.S,
)
SYSTEM = re.compile(r"\\begin\{cases\}([^&]*)\\end\{cases\}", re.S)
LABEL = re.compile(rf"{NAME} ?(?:=|\\in) ?")


def split_members(text: str) -> Members:
    """Part `text` at its top-level commas, semicolons, "and" and "or"."""
    text, opens, closes = _list_system(text.strip()), "", ""
    for left, right in BRACKETS:
        is_around = text.startswith(left) and text.endswith(right)
        if is_around and find_closing(text, len(left) - 1) == len(text) - 1:
            opens, closes = left, right
            text = text[len(left) : -len(right)]
            break
    return Members(opens, _split(text), closes)


def _list_system(text: str) -> str:
    """The lines of a system of equations as a list; other texts as they are."""
    system = SYSTEM.fullmatch(text)
    return system[1].replace("\\\\", ",").strip(" ,") if system else text


def _split(text: str) -> list[str]:
    if sum(map(text.count, "([{")) != sum(map(text.count, ")]}")):
        return [text.strip()]
    if ADJACENT.fullmatch(text):
        text = re.sub(r"\)\s*\(", "),(", text)
    cuts, depth = [], 0
    for separator in SEPARATOR.finditer(text):
        sign = separator[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0:
            cuts.append(separator)
    if {",", ";"} <= {cut[0] for cut in cuts}:
        cuts = [cut for cut in cuts if cut[0] != ","]
    ends = [cut.start() for cut in cuts] + [len(text)]
    starts = [0] + [cut.end() for cut in cuts]
    parts = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return [part for part in parts if part and part not in ("and", "or")]


def is_name(side: str) -> bool:
    """A variable, f(x), (x, y), |AB|, a ratio of lines, or a name in words."""
    return bool(NAMED.fullmatch(side.strip()))


def read_labels(parts: list[str]) -> dict[str, str]:
    """`x = 1, y = 2` as {"x": "1", "y": "2"}; {} where labels lack or repeat."""
    sides = [_split_label(part) for part in parts]
    labels = {label: value for label, value in sides if label is not None}
    return labels if len(labels) == len(parts) else {}


def strip_labels(parts: list[str]) -> list[str]:
    """The members without `x =`, `x_1 =` or `f(x) =` before each."""
    return [_split_label(part)[1] for part in parts]


def _split_label(part: str) -> tuple[str | None, str]:
    """`x = 1` as ("x", "1"); a member without a label as (None, the member)."""
    name, equals, value = part.partition("=")
    if not equals or "=" in value or not is_name(name):
        return None, part
    return name.strip(), value.strip()


def groups_as_tuples(parts: list[str]) -> list[str]:
    """`p=5,q=2` groups, parted by semicolons or "or", as tuples (5,2)."""
    tuples = []
    for part in parts:
        inner = split_members(part).parts
        labels = read_labels(inner) if len(inner) > 1 else {}
        has_names = labels and not re.search(r"\d", "".join(labels))
        tuples.append(f"({','.join(labels.values())})" if has_names else part)
    return tuples


def read_matrix(text: str) -> list[list[str]] | None:
    """The rows of cells of a matrix, or None where `text` is not exactly one."""
    text = text.strip()
    while text[:1] in ("(", "[") and text[-1:] in (")", "]"):
        text = text[1:-1].strip()
    matrix = MATRIX.fullmatch(text)
    if not matrix or "\\begin" in matrix[2]:
        return None
    lines = re.split(r"\\\\(?:\[[^\]]*\])?", matrix[2])
    lines = [line.replace("\\hline", "") for line in lines]
    return [
        [cell.strip() for cell in line.split("&")] for line in lines if line.strip()
    ]
