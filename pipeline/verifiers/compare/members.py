r"""Lists, sets, tuples and matrices: where their members begin and end.

Members are parted at top-level commas, semicolons, "and" and "or"; a semicolon parts
groups where commas stand too. Labels (`x = 1`) are told apart from their values.
"""

import re
from typing import NamedTuple


class Members(NamedTuple):
    """Brackets ("" where there are none) and what stands between their commas."""

    opens: str
    parts: list[str]
    closes: str


BRACKETS = (("\\{", "\\}"), ("(", ")"), ("[", "]"), ("(", "]"), ("[", ")"))
PARTING = re.compile(
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
SYSTEM = re.compile(r"\\begin\{cases\}([^&]*)\\end\{cases\}", re.S)
LABEL = re.compile(rf"{NAME} ?(?:=|\\in) ?")


def members(text: str) -> Members:
    """Part `text` at its top-level commas, semicolons, "and" and "or"."""
    text, opens, closes = _system(text.strip()), "", ""
    for left, right in BRACKETS:
        if text.startswith(left) and text.endswith(right) and _encloses(text, left):
            opens, closes = left, right
            text = text[len(left) : -len(right)]
            break
    return Members(opens, _parted(text), closes)


def _system(text: str) -> str:
    """The lines of a system of equations as a list; other texts as they are."""
    found = SYSTEM.fullmatch(text)
    return found[1].replace("\\\\", ",").strip(" ,") if found else text


def _encloses(text: str, left: str) -> bool:
    """Whether the first bracket closes at the end of the text and not before."""
    depth = 0
    inside = text[len(left) : -1].removesuffix("\\")
    for sign in inside:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _parted(text: str) -> list[str]:
    if not opened_evenly(text):
        return [text.strip()]
    if ADJACENT.fullmatch(text):
        text = re.sub(r"\)\s*\(", "),(", text)
    cuts, depth = [], 0
    for found in PARTING.finditer(text):
        sign = found[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0:
            cuts.append(found)
    if any(cut[0] == ";" for cut in cuts) and any(cut[0] == "," for cut in cuts):
        cuts = [cut for cut in cuts if cut[0] != ","]
    ends = [cut.start() for cut in cuts] + [len(text)]
    starts = [0] + [cut.end() for cut in cuts]
    parts = [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return [part for part in parts if part and part not in ("and", "or")]


def opened_evenly(text: str) -> bool:
    return sum(text.count(sign) for sign in "([{") == sum(
        text.count(sign) for sign in ")]}"
    )


def is_name(side: str) -> bool:
    """A variable, f(x), (x, y), |AB|, a ratio of lines, or a name in words."""
    return bool(NAMED.fullmatch(side.strip()))


def labelled(parts: list[str]) -> dict[str, str]:
    """`x = 1, y = 2` as {"x": "1", "y": "2"}; {} where labels lack or repeat."""
    found = [part.split("=") for part in parts]
    if any(len(sides) != 2 or not is_name(sides[0].strip()) for sides in found):
        return {}
    named = {name.strip(): value.strip() for name, value in found}
    return named if len(named) == len(parts) else {}


def unlabelled(parts: list[str]) -> list[str]:
    """The members without `x =`, `x_1 =` or `f(x) =` before each."""
    return [
        sides[1].strip()
        if len(sides := part.split("=")) == 2 and is_name(sides[0].strip())
        else part
        for part in parts
    ]


def grouped(parts: list[str]) -> list[str]:
    """`p=5,q=2` groups, parted by semicolons or "or", as tuples (5,2)."""
    made = []
    for part in parts:
        inner = members(part)
        named = labelled(inner.parts) if len(inner.parts) > 1 else {}
        plainly = named and not re.search(r"\d", "".join(named))
        made.append(f"({','.join(named.values())})" if plainly else part)
    return made


MATRIX = re.compile(
    r"\\begin\{([pbB]?matrix|smallmatrix|array)\}(?:\{[lcr| ]*\})?(.*)\\end\{\1\}",
    re.S,
)


def rows(text: str) -> list[list[str]] | None:
    """The cells of a matrix, or None where `text` is not exactly one."""
    text = text.strip()
    while text[:1] in ("(", "[") and text[-1:] in (")", "]"):
        text = text[1:-1].strip()
    found = MATRIX.fullmatch(text)
    if not found or "\\begin" in found[2]:
        return None
    lines = re.split(r"\\\\(?:\[[^\]]*\])?", found[2])
    lines = [line.replace("\\hline", "") for line in lines]
    return [
        [cell.strip() for cell in line.split("&")] for line in lines if line.strip()
    ]
