r"""One way to write what data sets write in many: formulas, matrices, units.

`sqrt(8)`, `√8` and `\sqrt{8}` are one root, `[[1,2],[3,4]]`, `[1 2; 3 4]` and a pmatrix
one matrix; lists are those of `listings`. What is changed in one text is
changed in any other alike: nothing here knows what a text is compared with.
"""

import re

from pipeline.dedup.listings import Found, Rewrite, list_plainly
from pipeline.dedup.spellings import EXPONENT

# Functions, where an argument or an index behind them says that they are no words.
FUNCTION = (
    r"(?<![\\\w])(sqrt|sum|prod|int|lim|log|ln|lg|exp|max|min|gcd|lcm|det|Pr|"
    r"(?:arc)?(?:sin|cos|tan|cot))(?=[ ]?(?:[\^({]|_(?![a-z]{2})))"
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
CHARGE += r"|(?<=[A-Z]\d)\^(\d?[+-])(?=[\s.,;)]|\Z)|(?<=[A-Z]_\d)\^\{(\d?[+-])\}"
INVERSE = r"\\?(?<![a-z])(sin|cos|tan|cot)[ ]?\^[ ]?(?:\{[ ]*-1[ ]*\}|\(-1\)|-1)"
NORM = r"\\(?:left|right)?[ ]*\\?[lr]?Vert\b|\\(?:left|right)?[ ]*\\\||\\\|"
MICRO = r"\\mu[ ]*\\(?:mathrm|text|rm)[ ]*\{[ ]*([A-Za-z]{1,3})[ ]*\}"
SAID_ROOT = r"(?i)\b(?:the )?(square|cube) root of[ ]+\$?(\d+(?:\.\d+)?|[a-z])\b\$?"
SAID_LOG = r"(?i)\blog(?:arithm)?s?,? (?:to )?(?:the )?base[ -]+(\w+),? of[ ]+(\w+)"
SPACED = r"(?<!\\)\{[ ]*(\d(?:[ ]\d)+)[ ]*\}"
ROOT_POWER = r"(\w+|\((?:[^()]|\([^()]*\))*\))\^\{?\(?1/(\d)\)?\}?(?![\d)])"
ABSOLUTE = r"\\?\babs[ ]?\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
NATURAL = r"\\?\bexp[ ]?\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
COLUMNS = r"[ ]*(?:\{[lcr|. ]*\})?"
DETERMINANT = (
    r"\\begin\{vmatrix\}(.*?)\\end\{vmatrix\}|\\left\|[ ]*\\begin\{array\}"
    rf"{COLUMNS}(.*?)\\end\{{array\}}[ ]*\\right\|"
)
CENTS = r"(?<![\d.,$])(\d{1,2})[ ]?(?:cents?\b|¢)"
OHMS = r"(?<=\d)[ ~\\,]*(?:[ΩΩ]|\\Omega\b)"
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
# C(8, 3) as `_8C_3`, 8C3, \binom{8}{3}, "8 choose 3", and C_8^3 where n stands below.
FEW = r"\{?(\d{1,3}|[a-z])\}?"
CHOSEN = rf"(?<![\w}})])(?:\{{[ ]*\}})?[_^]{FEW}[ ]*([CP])_{FEW}(?!\w)"
CHOSEN_PLAINLY = r"(?<![\w.])(\d{1,3})([CP])(\d{1,3})(?!\w)"
CHOSEN_BELOW = rf"(?<![\w\\])([CPA])_{FEW}\^{FEW}(?!\w)"
BINOMIAL = (
    r"\\[dt]?binom[ ]*\{(\w{1,3})\}[ ]*\{(\w{1,3})\}",
    rf"\{{?(?<!\w)(\d{{1,3}}|n)[ ]*\\?choose[ ]*{FEW}(?!\w)\}}?",
)
# The integral of x from 0 to 1, the sum from k = 1 to n of k, the limit as x goes to 0.
BODY = r"\$?([^.?!,;\n$]{1,60}?)\$?"
BOUND = r"\$?([^\s,;?!$]*[^\s.,:;?!$])\$?"
LAST = r"(?=[.?!,;\n$]|\Z)"
SAID_BOUNDS = (
    r"(?i)(?:\bthe )?(?:\bdefinite )?"
    r"(?:\b(integral|sum|product)|([∫∑∏]|\\(?:int|sum|prod)\b))"
    rf"(?: of {BODY})? (?:from|for|as)[ ]+\$?((?:[a-z][ ]?=[ ]?)?)"
    rf"{BOUND} to {BOUND}(?: of {BODY}{LAST})?(?=[\W_]|\Z)"
)
OPERATORS = {"integral": "int", "∫": "int", "sum": "sum", "∑": "sum", "product": "prod"}
APPROACHES = r"as \$?([a-z])\$? (?:approaches|tends to|goes to|→|\\to)[ ]+"
APPROACHES += r"\$?([^\s.,;?!$]+)\$?"
LIMIT_OF = rf"(?i)(?:the )?\blimit of {BODY},? {APPROACHES}"
LIMIT_AS = rf"(?i)(?:the )?\blimit,? {APPROACHES},? of {BODY}{LAST}"
HAN_UNITS = {
    "千米": "km", "公里": "km", "厘米": "cm", "毫米": "mm", "分米": "dm", "千克": "kg",
    "公斤": "kg", "毫升": "ml", "米": "m", "克": "g", "升": "l",
}  # fmt: skip
HAN_UNIT = rf"([平立]方)?({'|'.join([*HAN_UNITS][:8])}|(?<=[\d几少])[米克升])"
# A line end that JSON has escaped once too often, and no command of LaTeX.
ESCAPED = (
    r"(?<!\\)\\n(?![aeu]|[a-z]*mid|o(?:t|n|l|r)|i\b|s[ui]|parallel|atural|less|geq|leq)"
)
# Where an arrow shows that a text is about logic, and no LaTeX.
LOGIC = r"(?<!\\)(?:~(?=[A-Za-z(~])|[ ]&&?[ ]|[ ]\|\|[ ])"
LOGIC_SIGNS = {"~": "¬", "&": "∧", "&&": "∧", "||": "∨"}
PLAIN = str.maketrans("²³⁺⁻", "23+-")


def write_plainly(text: str) -> str:
    r"""`text` with its formulas and lists in one way.

    >>> write_plainly("Find sqrt(8)*x and [1 2; 3 4].")
    'Find \\sqrt{8} x and [[1,2],[3,4]].'
    """
    for signs, pattern, change in REWRITES:
        if any(sign in text for sign in signs):
            text = re.sub(pattern, change, text)
    return list_plainly(text)


def _write_power(found: Found) -> str:
    return found[0] if PROGRAM.search(found.string) else "^"


def _end_line(found: Found) -> str:
    return found[0] if PROGRAM.search(found.string) else "\n"


def _write_root(found: Found) -> str:
    return rf"\sqrt{{{found[1] or found[2]}}}"


def _write_said_root(found: Found) -> str:
    return rf"\sqrt{'[3]' * (found[1].lower() == 'cube')}{{{found[2]}}}"


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


def _write_charge(found: Found) -> str:
    if charge := found[4] or found[5]:
        return f" {charge}"
    return found[1] or f"{found[2]}{found[3]}".translate(PLAIN)


def _write_bounds(found: Found) -> str:
    word, sign, body, index, low, high, behind = found.groups()
    name = OPERATORS.get((word or sign).lower()) or (sign or "").lstrip("\\")
    body = body or behind or ""
    if word and not (body and (index or name == "int")):
        return found[0]
    if name == "int" and body and not re.search(r"d[a-z]\b", body):
        letter = re.search(r"(?<![\w\\])[a-z](?![a-z])", body)
        body += f" d{letter[0]}" if letter else ""
    return rf"\{name}_{{{index}{low}}}^{{{high}}} {body}"


def _write_unit(found: Found) -> str:
    power = {"平方": "^2", "立方": "^3"}.get(found[1] or "", "")
    return f" {HAN_UNITS[found[2]]}{power} "


def _write_logic(found: Found) -> str:
    return LOGIC_SIGNS[found[0].strip()]


# Signs without any of which a text has nothing of the pattern; and what it becomes.
REWRITES: tuple[Rewrite, ...] = (
    (("'''",), "'''", '"""'),
    (("{",), SPACED, lambda found: f"{{{found[1].replace(' ', '')}}}"),
    (("x10", "x 10"), TEN, "×"),
    (("**",), POWER, _write_power),
    (("_", "^", "("), FUNCTION, r"\\\1"),
    (("oot of",), SAID_ROOT, _write_said_root),
    ((" base",), SAID_LOG, r"\\log_{\1} \2"),
    (("^",), INVERSE, r"\\arc\1"),
    (("\\mu",), MICRO, r"μ\1"),
    (
        ("Vert", "\\|"),
        NORM,
        "||",
    ),
    (("ercentage",), r"\b([Pp]ercent)ages?\b(?! points?)", r"\1"),
    (("√", r"\sqrt"), ROOT, _write_root),
    (("^(1/", "^{1/"), ROOT_POWER, _write_root_power),
    (("abs",), ABSOLUTE, r"|\1|"),
    (("exp",), NATURAL, r"e^{\1}"),
    ((" oo",), r"(?<= )oo\b", r"\\infty"),
    (
        tuple(f"{digit}{e}" for digit in range(10) for e in "eE"),
        EXPONENT,
        r"\1×10^{\2}",
    ),
    (("cent", "¢"), CENTS, lambda found: f"${int(found[1]) / 100:.2f}"),
    (("Ω", "Ω", "\\Omega"), OHMS, " ohms"),
    ((" \\ ",), r"(?<=[A-Z]) \\ (?=[A-Z])", r" \\setminus "),
    (("Python 3", "python 3", "Python3"), r"\b([Pp]ython) ?3(?:\.\d+)?\b", r"\1"),
    (("^", "_"), SCRIPT, r"{\1}"),
    (("\\begin{c", "\\begin{a", "\\begin{g"), f"(?s){SYSTEM}", _write_system),
    (("vmatrix}", "\\left|"), f"(?s){DETERMINANT}", _write_determinant),
    (("matrix}", "\\begin{array}"), f"(?s){MATRIX}", _write_matrix),
    ((";",), MATLAB, _write_listed_rows),
    (("C_", "P_"), CHOSEN, r"\2(\1, \3)"),
    (("C", "P"), CHOSEN_PLAINLY, r"\2(\1, \3)"),
    (("C_", "P_", "A_"), CHOSEN_BELOW, r"\1(\2, \3)"),
    *((("binom", "choose"), pattern, r"C(\1, \2)") for pattern in BINOMIAL),
    (
        ("ntegral", "∫", "∑", "∏", "\\int ", " sum ", "roduct "),
        SAID_BOUNDS,
        _write_bounds,
    ),
    (("=(", "= ("), r"\b([A-Z])[ ]?=[ ]?(?=\(-?[\w.]+,)", r"\1"),
    (("imit",), LIMIT_OF, r"\\lim_{\2\\to \3} \1"),
    (("imit",), LIMIT_AS, r"\\lim_{\1\\to \2} \3"),
    (("米", "克", "升", "公里", "公斤"), HAN_UNIT, _write_unit),
    (("*", "\\cdot", "·", "⋅"), TIMES, " "),
    (("^", "⁺", "⁻"), CHARGE, _write_charge),
    (("\\n",), ESCAPED, _end_line),
    (("->", "→", "<=>", "↔"), LOGIC, _write_logic),
    (("ft", "feet", "'", "′"), FEET, _write_feet),
)
