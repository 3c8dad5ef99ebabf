r"""Countdown: an expression over given numbers, each used once, that gives the target.

The expression is read from the last line that has one, with or without "= 98" on
either side, in ASCII, Unicode or LaTeX. In a chain of equal signs every side must give
the target, and the first that computes must use the numbers. Of several expressions
in the line all must be right: a list of guesses is no answer.
"""

import ast
import operator
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.markup import strip_markup

LONGEST = 300  # characters of a line or an expression; more nobody needs
FORMAT_CREDIT = 0.1  # for a legal expression with another value, as TinyZero scores
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
SIGNS = str.maketrans("×·∙⋅÷−–{}[]", "****/--()()", "$`")
LATEX = (
    (re.compile(r"\\(?:left|right|displaystyle|boxed|text|[()\[\]!,;: ])"), " "),
    (re.compile(r"\\(?:times|cdot|ast)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "/"),
)
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
LETTER_TIMES = re.compile(r"(?<=[\d)])\s*[xX]\s*(?=[\d(])")
IMPLIED_TIMES = re.compile(r"(?<=[\d)])\s*(?=\()|(?<=\))\s*(?=\d)")
RUN = re.compile(r"[\d.+\-*/()=\s]+")
OPERATION = re.compile(r"\d[\s)]*[-+*/]|[-+*/][\s(]*\d")
DENIED = re.compile(r"\bnot\b|n't\b|≠|\\neq?\b|!=", re.I)
TOUCHED = re.compile(r"[\w'\"][^\s]")
NUMBER = r"\d+(?:\.\d+)?"
EXPRESSION = re.compile(rf"(?:{NUMBER}|\*(?!\*)|/(?!/)|[-+()\s])+")


def unreadable(answer: str, info: dict[str, Any]) -> str | None:
    """Why the target cannot be verified: the numbers or the target are no numbers."""
    numbers = info.get("numbers")
    if not isinstance(numbers, list) or not numbers:
        return "verify_info.numbers: expected a list of numbers"
    if any(_read_number(number) is None for number in numbers):
        return "verify_info.numbers: expected numbers alone"
    if _read_number(info.get("target")) is None:
        return "verify_info.target: expected a number"
    return None


def verify(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """Whether the text ends with an expression that gives the target."""
    target = _read_number(info["target"])
    numbers = Counter(map(_read_number, info["numbers"]))
    runs = _last_runs(text)
    if not runs:
        return Verdict(False, None, "no arithmetic expression", 0.0)
    verdicts = [_verify_equation(run, numbers, target) for run in runs]
    return min(verdicts, key=lambda verdict: verdict.score or 0.0)


def _read_number(value: Any) -> Fraction | None:
    """A whole or decimal number, written or not, as a fraction; None for all else."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(rf"-?{NUMBER}", text[:LONGEST]):
        return None
    return Fraction(text)


def _last_runs(text: str) -> list[str]:
    """The arithmetic in the last line that has any."""
    for line in reversed(strip_markup(text).splitlines()):
        if DENIED.search(line):
            return [""]
        if runs := list(_find_runs(_to_ascii(line))) if len(line) <= LONGEST else []:
            return runs
    return []


def _to_ascii(line: str) -> str:
    r"""The line with the signs of ASCII: `\frac{6}{3} \times 2` is `((6)/(3)) * 2`."""
    for pattern, sign in LATEX:
        line = pattern.sub(sign, line)
    before = ""
    while before != line:
        before, line = line, FRACTION.sub(r"((\1)/(\2))", line)
    line = line.translate(SIGNS)
    return IMPLIED_TIMES.sub("*", LETTER_TIMES.sub("*", line))


def _find_runs(line: str) -> Iterator[str]:
    """The parts of a line that compute; "" for one that a word or a quote touches."""
    for run in RUN.finditer(line):
        before, after = line[: run.start()][-1:], line[run.end() :][:1]
        if not OPERATION.search(run[0]):
            continue
        if TOUCHED.match(before + run[0][0]) or TOUCHED.match(after + run[0][-1]):
            yield ""
        else:
            yield run[0].strip(" .").lstrip(")").rstrip("( ")


def _verify_equation(
    equation: str, numbers: Counter[Fraction | None], target: Fraction | None
) -> Verdict:
    sides = [side.strip() for side in equation.split("=") if side.strip()]
    trees = [_parse(side) for side in sides]
    if not trees or None in trees:
        return Verdict(False, equation or None, "not an arithmetic expression", 0.0)
    first = next((t for t in trees if isinstance(t, ast.BinOp)), trees[0])
    if Counter(_used_numbers(first)) != numbers:
        return Verdict(False, equation, "does not use each number once", 0.0)
    try:
        values = [_evaluate(tree) for tree in trees]
    except (ValueError, ZeroDivisionError):
        return Verdict(False, equation, "has no value", 0.0)
    other = next((value for value in values if value != target), None)
    if other is None:
        return Verdict(True, equation, f"gives {target}", 1.0)
    return Verdict(False, equation, f"gives {other}", FORMAT_CREDIT)


def _parse(side: str) -> ast.expr | None:
    if len(side) > LONGEST or not EXPRESSION.fullmatch(side):
        return None
    try:
        return ast.parse(side, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _used_numbers(tree: ast.expr | None) -> Iterator[Fraction]:
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant):
            yield Fraction(str(node.value))


def _evaluate(node: ast.AST | None) -> Fraction:
    """The value of + - * / over numbers, exactly; ValueError for all else."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        operation = OPERATIONS[type(node.op)]
        return Fraction(operation(_evaluate(node.left), _evaluate(node.right)))
    raise ValueError("not arithmetic")
