r"""Near misses that one replacement makes: kind → (pattern, what is written for it)."""

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
