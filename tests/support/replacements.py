r"""What one replacement makes of an answer: near misses, and other spellings.

By kind: a pattern, and what is written for it.
"""

LOOK_ALIKES = dict(zip("acepxyHKMBTO", "асерхуНКМВТО", strict=True))
NUMBER = r"(?<![\w.{^\\])"
REPLACEMENTS: dict[str, tuple[str, str]] = {
    # signs and relations
    "not equal": (r"(?<![<>!\\=_{(])=(?!=)", r"\\ne "),
    "plus for plus-minus": (r"\\pm\s*(?=[\d\\a-z(])", "+"),
    "minus dropped": (r"^\$?-(?=[\d\\]*[1-9\\])(?=[^=]*$)", ""),
    "infinity's sign": (r"-\s*\\infty", r"\\infty"),
    "closed for open": (r"(,[^()]*[\d}])\)(\$?)$", r"\1]\2"),
    "and for or": (r"\\text\{ or \}|\\cup", r"\\cap"),
    # powers, roots, functions
    "exponent": (r"(?<=[a-z)])\^\{?([2-8])\}?(?!\d)", r"^{\g<1>1}"),
    "negative exponent": (r"(?<=[a-z)])\^\{?([2-9])\}?(?!\d)", r"^{-\1}"),
    "root dropped": (r"\\sqrt\{([2-9a-z]\d*)\}", r"(\1)"),
    "cube root": (r"\\sqrt\{(?=[2-9a-z])", r"\\sqrt[3]{"),
    "sine and cosine": (r"\\sin(?![a-z])", r"\\cos"),
    "logarithm": (r"\\ln(?![a-z])", r"\\log_{10}"),
    "factorial dropped": (r"(?<!\d)([3-9]|\d\d)!", r"\1"),
    "pi squared": (r"\\pi(?![a-z])(?!\s*[\^]|[^,]*=)", r"\\pi^2"),
    "conjugate": (r"(?<![A-Za-z\\])i(?![A-Za-z])(?=[^i]*$)", "(-i)"),
    # digits
    "digit lost": (rf"{NUMBER}[1-9](?=[1-9]\d*(?![\d_]))", ""),
    "digit doubled": (rf"{NUMBER}([1-9])(?=\d*(?![\d_]))(?=[^=]*$)", r"\1\1"),
    "digits swapped": (r"(?<![\d.{_^])([1-9])(?!\1)([1-9])(?!\d*_)", r"\2\1"),
    "point moved": (r"(\d)\.(\d)(?=\d*[1-9])", r"\1\2."),
    "digit hidden": (r"^\$?(\d+)(\d)\$?$", r"\1\\phantom{\2}"),
    "struck out": (r"^\$?([1-9]\d*)\$?$", r"\\cancel{\1}"),
    "base": (r"^\$?([2-9]\d)\$?$", r"\1_{16}"),
    "one more": (r"^\$?([\w^+*/. -]*\w)\$?$", r"\1 + 1"),
    "constant added": (r"^\$?([\w^+*/. -]*[a-z])\$?$", r"\1 + C"),
    "factor": (r"^\$?(\d*\\(?:frac|sqrt)[^=,]+)\$?$", r"3 \\cdot \1"),
    # words and units
    "scale word dropped": (r"\s*\\text\s?\{\s*(?:million|billion|thousand)\s*\}", ""),
    "unit": (r"(?<=[{ ])(cm|km|mm)(?=[}^])", r"\1\\cdot m"),
    "hundredths of percent": (r"^\$?(0?\.\d+)\$?$", r"\1\\%"),
    "radians": (r"(?<=\d)\^\{?\\circ\}?(?=\$?$)", r"\\text{ rad}"),
    "degrees dropped": (r"(?<=(?:sin|cos|tan) \d\d)\^\{?\\circ\}?", ""),
    "index": (r"(?<=[a-z])_\{?1\}?(?=[^=]*[+*-][^=]*$)", "_{7}"),
    "dots": (r"(?<=\d)\$?$", r", \\ldots"),
    "wrong, in words": (r"^(.+)$", r"\1 \\text{ is wrong}"),
    "question": (r"^(.+)$", r"\\text{is it } \1 \\text{?}"),
    "value at a point": (r"^\$?([1-9]\d*)\$?$", r"f(\1)"),
    "implied": (r"^\$?([1-9]\d*)\$?$", r"\1 \\Rightarrow \g<1>7"),
}
BRACED = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
# Other spellings, for every place in the text.
SPELLINGS: dict[str, tuple[str, str]] = {
    "dfrac": (r"\\frac(?![a-z])", r"\\dfrac"),
    "frac": (r"\\dfrac", r"\\frac"),
    "left": (r"\\left|\\right", ""),
    "sized brackets": (r"\\left(?=[(\[])|\\right(?=[)\]])", r"\\big"),
    "le": (r"\\leq(?![a-z])", r"\\le"),
    "at most": (r"\\leq?(?![a-z])\s*", "≤"),
    "at least": (r"\\geq?(?![a-z])\s*", "≥"),
    "cdot": (r"\\cdot(?![a-z])", r"\\times"),
    "times": (r"\\times", r"\\cdot"),
    "star": (r"\\cdot(?![a-z])|\\times", "*"),
    "dot": (r"\\cdot(?![a-z])\s*", "·"),
    "pi": (r"(?<!\\)\\pi(?![a-z])\s*", "π"),
    "plain pi": (r"(?<![A-Za-z\\}])\\pi(?![a-z])(?!\s*[A-Za-z(\\])", "pi"),
    "Greek": (r"\\theta(?![a-z])\s*", "θ"),
    "infinity": (r"\\infty\s*", "∞"),
    "union": (r"\\cup(?![a-z])\s*", "∪"),
    "plus-minus": (r"\\pm(?![a-z])\s*", "±"),
    "thin": (r"(?<![\\{]),(?=[^\d\\])", r",\\,"),
    "thick": (r"(?<=[\w}])\s*([+=<>])\s*(?=[\w\\])", r"\\;\1\\;"),
    "plain fraction": (
        r"(?<![\d \\])\\[dt]?frac\{(\w+)\}\{(\w+)\}(?![\w(])",
        r"(\1)/(\2)",
    ),
    "plain root": (rf"(?<![a-z])\\sqrt\s*{BRACED}(?![\w(])", r"sqrt(\1)"),
    "root sign": (r"(?<!\\)\\sqrt\{(\d+)\}(?!\d)", r"√\1"),
    "power with stars": (r"(?<=[a-z)])\^(?:\{(\d)\}|(\d)(?!\d))(?!\d)", r"**\1\2"),
    "raised two": (r"(?<=[a-z)])\^(?:2|\{2\})(?!\d)", "²"),
    "braced power": (r"(?<=[a-z)])\^(\d)(?!\d)", r"^{\1}"),
    "minus": (r"(?<![\w}])-(?=\d)", "−"),
    "plain and": (r"\s*\\text\s?\{\s*(and|or)\s*\}\s*", r" \1 "),
    "upright e": (r"(?<![A-Za-z\\])e(?=\^)", r"\\mathrm{e}"),
    "degree sign": (r"\^\{?\s*\\circ\s*\}?", "°"),
}
