r"""One way to write what data sets write in many: formulas, matrices, lists, labels.

`sqrt(8)`, `√8` and `\sqrt{8}` are one root, `[[1,2],[3,4]]`, `[1 2; 3 4]` and a pmatrix
one matrix, and options are the same behind (A), a) or ①. What is changed in one text is
changed in any other alike: nothing here knows what a text is compared with.
"""

import re
from collections.abc import Callable
from itertools import islice

from pipeline.kernels.spelled_words import split

Found = re.Match[str]
# Functions, where an argument or an index behind them says that they are no words.
FUNCTION = (
    r"(?<![\\\w])(sqrt|sum|prod|int|lim|log|ln|lg|exp|max|min|gcd|lcm|det|Pr|"
    r"(?:arc)?(?:sin|cos|tan|cot))(?=[ ]?[\^_({])"
)
ROOT = (
    r"√[ ]*(\d+(?:\.\d+)?|[A-Za-z])|(?:√|\\sqrt)[ ]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
)
# In plain text, all digits behind ^ and _ belong to them.
SCRIPT = r"(?<=[\^_])(-?\d{2,})(?![^$]*\$)"
# Between factors, of which not both are numbers.
STAR = r"(?<!\*)(?<!_\d)(?:\*|\\cdot\b|[·⋅])(?!\*)"
TIMES = "|".join(
    rf"(?<=[{left}]){space}{STAR}{space}(?=[{right}])"
    for left, right in ((r"\w)}\]", r"A-Za-z(\\"), (r"A-Za-z)}\]", r"\w(\\"))
    for space in ("", "[ ]+")
)
CHARGE = (
    r"(?:(?<=[A-Z])|(?<=[A-Z][a-z])|(?<=[}₀-₉]))[ ]*\^[ ]*\{?[ ]*(\d?[+-])"
    r"[ ]*\}?(?![\w(\\{|])"
    r"|(?<=[A-Za-z₀-₉])([²³]?)([⁺⁻])(?![¹²³⁰-⁹])"
)
SPACED = r"(?<!\\)\{[ ]*(\d(?:[ ]\d)+)[ ]*\}"
ROOT_POWER = r"(\w+|\((?:[^()]|\([^()]*\))*\))\^\{?\(?1/(\d)\)?\}?(?![\d)])"
ABSOLUTE = r"\\?\babs[ ]?\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
NATURAL = r"\\?\bexp[ ]?\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
COLUMNS = r"[ ]*(?:\{[lcr|. ]*\})?"
DETERMINANT = (
    r"\\begin\{vmatrix\}(.*?)\\end\{vmatrix\}|\\left\|[ ]*\\begin\{array\}"
    rf"{COLUMNS}(.*?)\\end\{{array\}}[ ]*\\right\|"
)
FLOAT = r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([-+−]?\d{1,3})\b"
CENTS = r"(?<![\d.,$])(\d{1,2})[ ]?(?:cents?\b|¢)"
OHMS = r"(?<=\d)[ ~\\,]*(?:[ΩΩ]|\\Omega\b)"
BLANK = r"(?<=[,，] )(?:\\?_){2,}|(?<=[,，] )\\underline\{[ ]*\\hspace\{[^}]*\}[ ]*\}"
TEN = r"(?<=\d)[ ]?x[ ]?(?=10[ ]?(?:\^|\*\*|[⁰¹²³⁴-⁹⁻]))"
# There ^ is no power, and \\n may be two signs.
PROGRAM = re.compile(r"(?i)python|code|program|print|return|string|regex|`")
POWER = r"(?<=[\w)])[ ]?\*\*[ ]?(?=[\w(-])"
FEET = r"(\d+)[ ]*(?:ft\.?|feet|foot|['′])[ ]*(\d+)[ ]*(?:in\b\.?(?![ ]\w+[ ])|[\"″])"
FEET += r"|(\d+)[ ]*ft\.?[ ]+(\d+)[ ]*in\b\.?"
MATRIX = (
    r"(?:\\left[ ]*[\[(][ ]*)?\\begin\{([pb]?matrix|smallmatrix|array)\}"
    rf"{COLUMNS}(.*?)\\end\{{\1\}}"
    r"(?:[ ]*\\right[ ]*[\])])?"
)
MATLAB = r"\[([^\[\]\n;$]{1,80}(?:;[^\[\]\n;$]{1,80})+)\]"
SYSTEM = (
    r"\\begin\{(cases|aligned|align\*?|gathered)\}(.*?)\\end\{\1\}|\\left[ ]*\\\{[ ]*"
    rf"\\begin\{{array\}}{COLUMNS}(.*?)\\end\{{array\}}[ ]*\\right[ ]*\."
)
# A line end that JSON has escaped once too often, and no command of LaTeX.
ESCAPED = (
    r"(?<!\\)\\n(?![aeu]|[a-z]*mid|o(?:t|n|l|r)|i\b|s[ui]|parallel|atural|less|geq|leq)"
)
# Where an arrow shows that a text is about logic, and no LaTeX.
LOGIC = r"(?<!\\)(?:~(?=[A-Za-z(~])|[ ]&&?[ ]|[ ]\|\|[ ])"
LOGIC_SIGNS = {"~": "¬", "&": "∧", "&&": "∧", "||": "∨"}
PLAIN = str.maketrans("²³⁺⁻", "23+-")
ASKED = (
    r"(?:is (?:the following|this) (?:statement|claim|sentence) )?[(\[]?"
    r"(?:true[ ]?(?:or|/)[ ]?false|t/f)[?.:)\]]*"
)
TRUE_OR_FALSE = rf"(?is)\A\s*{ASKED}\s*(.{{12,}})\Z|\A(.{{12,}}?)\s+{ASKED}\s*\Z"
# How people ask others to "find …".
POLITE = (
    r"(?i)(?:(?<=^)|(?<=[.!?:\n] ))(?:(?:can|could|would|will) (?:you|some(?:one|body)"
    r"|any(?:one|body))(?: please| kindly)?|please|kindly)(?: help(?: me)?)?(?: to)?"
    r"[ ]+(?=(?:find|compute|calculate|solve|evaluate|determine|prove|show|simplify"
    r"|write|explain|tell|give|list|work out)\b)"
)
# What stands in front of a part, or alone on its line, and says what the part is.
LABEL = (
    r"(?im)^[ \t#*_>-]*(?:(?:problem )?(?:context|passage|question|statement|problem|"
    r"instructions?|task|input|response|solution|answers?|q|a)|(?:answer )?(?:choices|"
    r"options)|examples?)[ \t]*[*_]*(?:[:：][ \t*_]*|[ \t*_]*$)"
)
LISTED = (
    r"(?im)^([ \t#*_]*(?:answer )?(?:choices|options)[ \t*_]*:)?[ \t]*"
    r"\[((?:[\"'][^\[\]\n\"']+[\"'](?:, *|(?=\]))){2,})\][ \t]*$"
)
BULLET = r"^[ \t]*[-•*–‣◦][ \t]+"
BULLETS = rf"(?m)(?:{BULLET}\S.*\n+){{1,40}}{BULLET}\S"  # one may be a minus
COMMENT = r"(?m)[ \t]+(?:#|//)[ \t]+[^\n\"']*$"
FENCE = r"(?ms)^[ \t]*```[^\n`]+\n.*?^[ \t]*```"
ITEM = re.compile(
    r"(?<![^\s*{(（\[)])(?:\\(?:text|math)[a-z]*[ ]*\{[ ]*)?\*{0,2}[(（\[]?[ ]*"
    r"([A-Za-z]|\d{1,2}|[ivx]{2,4}|[IVX]{2,4})[ ]*[)）\].．、:]\.?\*{0,2}[ ]*\}?"
    r"(?:\\[ ]|~)?(?=[\s\S])|([①-⑳])"
)
FIRST_ITEM = re.compile(r"(?<!\w)[Aa1Ii][ ]?[)）\].．、:]|①")
SET_OFF = re.compile(r"[:：\n#]")
ROMAN = split("i ii iii iv v vi vii viii ix x xi xii")
MOST_ITEMS = 200
LEAST_INLINE = 3  # items that need not be on lines of their own


def write_plainly(text: str) -> str:
    r"""`text` with its formulas, lists and labels in one way.

    >>> write_plainly("Find sqrt(8)*x and [1 2; 3 4].")
    'Find \\sqrt{8} x and [[1,2],[3,4]].'
    """
    for signs, pattern, change in REWRITES:
        if any(sign in text for sign in signs):
            text = re.sub(pattern, change, text)
    if FIRST_ITEM.search(text):
        text = leave_out_item_labels(text)
    return re.sub(LABEL, "", text) if SET_OFF.search(text) else text


def _write_power(found: Found) -> str:
    return found[0] if PROGRAM.search(found.string) else "^"


def _end_line(found: Found) -> str:
    return found[0] if PROGRAM.search(found.string) else "\n"


def _write_root(found: Found) -> str:
    return rf"\sqrt{{{found[1] or found[2]}}}"


def _write_root_power(found: Found) -> str:
    base = found[1][1:-1] if found[1][0] == "(" else found[1]
    return rf"\sqrt[{found[2]}]{{{base}}}"


def _write_determinant(found: Found) -> str:
    rows = [row.split("&") for row in _lines_of(found[1] or found[2])]
    return rf"\det {_write_rows(rows)}"


def _write_matrix(found: Found) -> str:
    return _write_rows([row.split("&") for row in _lines_of(found[2])])


def _write_listed_rows(found: Found) -> str:
    rows = [re.split(r"[,\s]+", row.strip()) for row in found[1].split(";")]
    return _write_rows(rows) if len({*map(len, rows)}) == 1 else found[0]


def _write_rows(rows: list[list[str]]) -> str:
    """A matrix as a list of rows, a column or a row as a vector."""
    cells = [[cell.strip() for cell in row] for row in rows]
    if min(len(cells), *map(len, cells)) == 1:
        return f"({', '.join(cell for row in cells for cell in row)})"
    return f"[{','.join('[' + ','.join(row) + ']' for row in cells)}]"


def _write_system(found: Found) -> str:
    lines = (line.replace("&", "").strip(" ,;.") for line in _lines_of(found[0]))
    return ", ".join(lines)


def _lines_of(body: str) -> list[str]:
    body = re.sub(r"\\(?:begin|end)\{\w+\*?\}[ ]*(?:\{[lcr|. ]*\})?", "", body)
    body = re.sub(r"\\left[ ]*\\\{|\\right[ ]*\.|\\hline", "", body)
    return [line for line in re.split(r"\\\\(?:\[[^\]]*\])?", body) if line.strip()]


def _write_feet(found: Found) -> str:
    return f"{found[1] or found[3]} feet {found[2] or found[4]} inches"


def _list_items(found: Found) -> str:
    items = re.split(r",[ ]*", found[2])
    return "\n".join([found[1] or "", *(item.strip("'\"“”‘’ ") for item in items)])


def leave_out_item_labels(text: str) -> str:
    r"""`text` less the labels of lists that count from A, 1 or I on, an item a line.

    >>> leave_out_item_labels("Which? (A) Mars (B) Venus (C) Io").split("\n")
    ['Which? ', 'Mars ', 'Venus ', 'Io']
    """
    found = [*islice(ITEM.finditer(text), MOST_ITEMS)]
    numbers = [_number_label(one[1] or one[2]) for one in found]
    out = text
    cut: list[Found] = []
    for start, labels in enumerate(numbers):
        if cut and found[start].start() <= cut[-1].start():
            continue
        for kind, number in labels:
            if number != 1:
                continue
            run = [found[start]]
            for one, others in zip(
                found[start + 1 :], numbers[start + 1 :], strict=True
            ):
                if (kind, len(run) + 1) in others:
                    run.append(one)
            on_lines = all(_begins_line(text, one) for one in run[1:])
            if len(run) >= (2 if on_lines else LEAST_INLINE):
                cut += run
                break
    for one in reversed(cut):
        out = f"{out[: one.start()]}\n{out[one.end() :]}"
    return out


def _begins_line(text: str, item: Found) -> bool:
    return not text[: item.start()].rpartition("\n")[2].strip(" \t*(（[")


def _number_label(label: str) -> list[tuple[str, int]]:
    """Which item of what kinds of lists a label names: i is the ninth and the first."""
    if label >= "①":
        return [("circled", ord(label) - 0x245F)]
    if label.isdecimal():
        return [("digit", int(label))]
    kind, small = "small" if label.islower() else "capital", label.lower()
    letters = [(kind, ord(small) - 96)] if len(small) == 1 else []
    roman = [(f"{kind} roman", ROMAN.index(small) + 1)] if small in ROMAN else []
    return letters + roman


def _leave_out_bullets(found: Found) -> str:
    return re.sub(f"(?m){BULLET}", "", found[0])


def _ask_truth(found: Found) -> str:
    return f"True or false: {(found[1] or found[2]).strip(' (')}"


def _drop_comments(found: Found) -> str:
    return re.sub(COMMENT, "", found[0])


def _write_charge(found: Found) -> str:
    return found[1] or f"{found[2]}{found[3]}".translate(PLAIN)


def _write_logic(found: Found) -> str:
    return LOGIC_SIGNS[found[0].strip()]


# Signs without any of which a text has nothing of the pattern; and what it becomes.
REWRITES: tuple[tuple[tuple[str, ...], str, str | Callable[[Found], str]], ...] = (
    (("'''",), "'''", '"""'),
    (("```",), FENCE, _drop_comments),
    (("{",), SPACED, lambda found: f"{{{found[1].replace(' ', '')}}}"),
    ((" x", "x"), TEN, "×"),
    (("**",), POWER, _write_power),
    (("_", "^", "("), FUNCTION, r"\\\1"),
    (("√", r"\sqrt"), ROOT, _write_root),
    (("^(1/", "^{1/"), ROOT_POWER, _write_root_power),
    (("abs",), ABSOLUTE, r"|\1|"),
    (("exp",), NATURAL, r"e^{\1}"),
    ((" oo",), r"(?<= )oo\b", r"\\infty"),
    (("e", "E"), FLOAT, r"\1×10^{\2}"),
    (("cent", "¢"), CENTS, lambda found: f"${int(found[1]) / 100:.2f}"),
    (("Ω", "Ω", "\\Omega"), OHMS, " ohms"),
    (("__", "\\_", "\\underline"), BLANK, "?"),
    ((" \\ ",), r"(?<=[A-Z]) \\ (?=[A-Z])", r" \\setminus "),
    (("Python 3", "python 3", "Python3"), r"\b([Pp]ython) ?3(?:\.\d+)?\b", r"\1"),
    (("^", "_"), SCRIPT, r"{\1}"),
    (("\\begin{c", "\\begin{a", "\\begin{g"), f"(?s){SYSTEM}", _write_system),
    (("vmatrix}", "\\left|"), f"(?s){DETERMINANT}", _write_determinant),
    (("matrix}", "\\begin{array}"), f"(?s){MATRIX}", _write_matrix),
    ((";",), MATLAB, _write_listed_rows),
    (("*", "\\cdot", "·", "⋅"), TIMES, " "),
    (("^", "⁺", "⁻"), CHARGE, _write_charge),
    (("\\n",), ESCAPED, _end_line),
    (("->", "→", "<=>", "↔"), LOGIC, _write_logic),
    (("an you", "ould", "ill ", "lease", "indly", "one", "body"), POLITE, ""),
    (("rue", "RUE", "T/F"), TRUE_OR_FALSE, _ask_truth),
    (("ft", "feet", "'", "′"), FEET, _write_feet),
    (("']", '"]'), LISTED, _list_items),
    (("\n- ", "\n* ", "•", "\n– ", "‣", "◦"), BULLETS, _leave_out_bullets),
)
