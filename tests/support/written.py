r"""Trees of answers, written as LaTeX: what is read of it must be the same tree."""

from collections.abc import Callable
from fractions import Fraction

from pipeline.verifiers.answers.tokens import GREEK
from pipeline.verifiers.answers.tree import Decimal, Node

SIGNS = {
    "!=": r"\ne ", "<=": r"\le ", ">=": r"\ge ", "in": r"\in ", "notin": r"\notin ",
    "approx": r"\approx ", "equiv": r"\equiv ", "subset": r"\subset ", "mid": r"\mid ",
    "sim": r"\sim ", "cong": r"\cong ", "propto": r"\propto ", "->": r"\to ",
}  # fmt: skip
SETS = {"union": r"\cup ", "intersection": r"\cap ", "minus": r"\setminus "}
CONSTANTS = {"pi": r"\pi ", "infty": r"\infty ", "emptyset": r"\emptyset "}
TIGHT = (
    "number", "name", "constant", "indexed", "tuple", "set", "abs", "floor", "ceil",
    "binom", "matrix", "root", "call", "accent", "dots",
)  # fmt: skip


class NotWritten(Exception):
    """A kind of tree that has no one spelling here: dates, words, tables of cases."""


def write(tree: Node) -> str:
    """A spelling of the tree, with brackets wherever they may be needed."""
    if tree.op not in RULES:
        raise NotWritten(tree.op)
    return RULES[tree.op](tree)


def _tight(tree: Node) -> str:
    text = write(tree)
    return text if tree.op in TIGHT else f"({text})"


def _number(tree: Node) -> str:
    value: Decimal = tree.value
    if value.places:
        digits = str(int(value.value * 10**value.places)).zfill(value.places + 1)
        return f"{digits[: -value.places]}.{digits[-value.places :]}"
    if value.value.denominator == 1:
        return str(value.value)
    fraction: Fraction = value.value
    return rf"\frac{{{fraction.numerator}}}{{{fraction.denominator}}}"


def _name(tree: Node) -> str:
    if tree.value in GREEK:
        return rf"\{tree.value} "
    if len(tree.value) > 1 or not tree.value.isalpha():
        raise NotWritten(tree.value)
    return str(tree.value)


def _constant(tree: Node) -> str:
    if tree.value in CONSTANTS or tree.value in ("e", "i"):
        return CONSTANTS.get(tree.value, tree.value)
    letter, sign = tree.value[0], tree.value[1:]
    return rf"\mathbb{{{letter}}}" + (f"^{{{sign}}}" if sign else "")


def _sum(tree: Node) -> str:
    text = _term(tree.args[0])
    for arg in tree.args[1:]:
        signed = arg.op in ("neg", "pm")
        text += f" {_term(arg)}" if signed else f" + {_term(arg)}"
    return text


def _term(tree: Node) -> str:
    sign = {"neg": "-", "pm": {"+-": r"\pm ", "-+": r"\mp "}.get(tree.value, "")}
    if tree.op in sign:
        return f"{sign[tree.op]}{_tight(tree.args[0])}"
    return _tight(tree) if tree.op != "mul" else write(tree)


def _product(tree: Node) -> str:
    left, right = tree.args
    if tree.value == "()":
        argument = write(right) if right.op == "tuple" else f"({write(right)})"
        return _tight(left).strip() + argument
    return rf"{_tight(left)} \cdot {_tight(right)}"


def _relation(tree: Node) -> str:
    if len(tree.args) != len(tree.value) + 1 or tree.args[0].value == "?":
        raise NotWritten("modulus")
    text = _side(tree.args[0])
    for sign, side in zip(tree.value, tree.args[1:], strict=True):
        text += f" {SIGNS.get(sign, sign)} {_side(side)}"
    return text


def _side(tree: Node) -> str:
    loose = tree.op in ("list", "relation", "ratio")
    return f"({write(tree)})" if loose else write(tree)


def _list(tree: Node) -> str:
    word = {",": ", "}.get(tree.value, rf" \text{{ {tree.value} }} ")
    if any(member.op in ("list", "dots", "modulus") for member in tree.args):
        raise NotWritten("a list of lists")
    return word.join(map(write, tree.args))


def _within(opening: str, closing: str) -> Callable[[Node], str]:
    return lambda tree: f"{opening}{', '.join(map(write, tree.args))}{closing}"


def _indexed(tree: Node) -> str:
    base, below = tree.args
    inner = rf"\text{{{below.value}}}" if below.op == "words" else write(below)
    return f"{_tight(base)}_{{{inner}}}"


def _call(tree: Node) -> str:
    name, args = tree.value, list(tree.args)
    if name in ("otimes", "oplus"):
        raise NotWritten(name)
    base = f"_{{{write(args.pop(0))}}}" if name.endswith("_") else ""
    return rf"\{name.rstrip('_')}{base}({', '.join(map(write, args))})"


def _matrix(tree: Node) -> str:
    rows = r" \\ ".join(" & ".join(map(write, row.args)) for row in tree.args)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def _big(tree: Node) -> str:
    variable, start, end, body = tree.args
    below = f"{write(variable)}={write(start)}"
    return rf"\{tree.op}_{{{below}}}^{{{write(end)}}}({write(body)})"


def _set_operation(tree: Node) -> str:
    left, right = map(_side, tree.args)
    return f"({left}) {SETS[tree.op]} ({right})"


RULES: dict[str, Callable[[Node], str]] = {
    "number": _number,
    "name": _name,
    "constant": _constant,
    "add": _sum,
    "neg": _term,
    "pm": _term,
    "mul": _product,
    "div": lambda t: f"{_tight(t.args[0])} / {_tight(t.args[1])}",
    "pow": lambda t: f"({write(t.args[0])})^{{{write(t.args[1])}}}",
    "root": lambda t: rf"\sqrt[{write(t.args[0])}]{{{write(t.args[1])}}}",
    "call": _call,
    "abs": lambda t: rf"\left|{write(t.args[0])}\right|",
    "floor": lambda t: rf"\lfloor {write(t.args[0])} \rfloor ",
    "ceil": lambda t: rf"\lceil {write(t.args[0])} \rceil ",
    "binom": lambda t: rf"\binom{{{write(t.args[0])}}}{{{write(t.args[1])}}}",
    "factorial": lambda t: f"({write(t.args[0])})!",
    "percent": lambda t: rf"{_tight(t.args[0])}\%",
    "degrees": lambda t: rf"{_tight(t.args[0])}^\circ ",
    "indexed": _indexed,
    "based": lambda t: f"{write(t.args[0])}_{{{write(t.args[1])}}}",
    "relation": _relation,
    "list": _list,
    "tuple": lambda t: _within(*t.value)(t),
    "set": _within(r"\{", r"\}"),
    "union": _set_operation,
    "intersection": _set_operation,
    "minus": _set_operation,
    "matrix": _matrix,
    "ratio": lambda t: " : ".join(map(_tight, t.args)),
    "sum": _big,
    "prod": _big,
    "dots": lambda t: r"\ldots ",
    "prime": lambda t: f"{_tight(t.args[0])}'",
}
