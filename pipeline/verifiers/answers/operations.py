"""Values of numbers, symbols and arithmetic; powers and roots over the reals first."""

from flint import acb, arb, fmpq, fmpz

from pipeline.verifiers.answers.evaluation import (
    MAX_BITS,
    MAX_TERMS,
    Evaluation,
    NoValue,
    Rules,
    TooLarge,
    Undefined,
    Value,
    symbol_value,
)
from pipeline.verifiers.answers.tree import Node, number

# `f(2)` is no product of f and 2, as `a(2)` may be.
CHOICES = Node("name", (), "C")  # `C(20, 10)` and `C_{20}^{10}`
FUNCTION_NAMES = {*"fghFGHPQ"}


def _number(at: Evaluation, node: Node) -> Value:
    value = node.value.value
    return fmpq(value.numerator, value.denominator)


def _name(at: Evaluation, node: Node) -> Value:
    if node.value in at.bound:
        return at.bound[node.value]
    return symbol_value(node.value, at.point)


def _constant(at: Evaluation, node: Node) -> Value:
    if node.value == "pi":
        return at.ball(arb.pi())
    if node.value == "e":
        return at.ball(arb(1).exp())
    if node.value == "i" and at.is_complex:
        return acb(0, 1)
    raise NoValue(node.value)


def unknown_value(at: Evaluation, node: Node) -> Value:
    r"""A function nobody defined, `a_n` or `P(A)`: some value for every argument."""
    if node.value in ("overline", "bar") and at.is_complex and not node.names:
        return at.ball(at.value(node.args[0])).conjugate()
    if node.op == "accent":  # a name: AB is no product under an arrow
        return symbol_value(repr(node), at.point)
    parts = [
        str(value) if isinstance(value := _try(at, arg), fmpq) else repr(arg)
        for arg in node.args
    ]
    return symbol_value(f"{node.op}/{node.value}/{'/'.join(parts)}", at.point)


def _try(at: Evaluation, node: Node) -> Value | None:
    if node.op in ("words", "relation", "list"):
        return None
    if node.op == "name" and node.value not in at.bound:
        # `x_a` is a symbol whatever a is; `x_n` counts.
        return symbol_value(node.value, at.point)
    try:
        return at.value(node)
    except (NoValue, Undefined):
        return None


def _add(at: Evaluation, node: Node) -> Value:
    values = [at.value(arg) for arg in node.args]
    if all(isinstance(value, fmpq) for value in values):
        return sum(values, fmpq(0))
    return sum(map(at.ball, values), at.ball(fmpq(0)))


def _mul(at: Evaluation, node: Node) -> Value:
    if node.value == "()" and node.args[0] == CHOICES and len(node.args[1].args) == 2:
        return _binom(at, node.args[1])  # C(20, 10)
    if node.value == "()" and node.args[0].op in ("name", "prime"):
        head = node.args[0] if node.args[0].op == "name" else node.args[0].args[0]
        if head.value in FUNCTION_NAMES or node.args[1] == number(0):
            return unknown_value(at, node)
    left, right = (at.value(arg) for arg in node.args)
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return left * right
    return at.ball(left) * at.ball(right)


def _div(at: Evaluation, node: Node) -> Value:
    left, right = (at.value(arg) for arg in node.args)
    if isinstance(right, fmpq):
        if right == 0:
            raise Undefined
        if isinstance(left, fmpq):
            return left / right
    return at.ball(left) / at.ball(right)


def _neg(at: Evaluation, node: Node) -> Value:
    return -at.value(node.args[0])


def _pow(at: Evaluation, node: Node) -> Value:
    if node.args[0].op == "indexed" and node.args[0].args[0] == CHOICES:
        return _binom(at, Node("binom", (node.args[0].args[1], node.args[1])))
    base, exponent = (at.value(arg) for arg in node.args)
    is_whole = isinstance(exponent, fmpq) and exponent.q == 1
    if is_whole and isinstance(base, fmpq):
        if base == 0 and exponent <= 0:
            raise Undefined
        bits = max(base.p.bit_length(), base.q.bit_length()) * abs(int(exponent.p))
        if bits <= MAX_BITS or abs(base) == 1 or base == 0:
            if abs(base) == 1:
                return base if exponent.p % 2 else fmpq(1)
            return fmpq(0) if base == 0 else base ** int(exponent.p)
    if is_whole and exponent.p.bit_length() < 64:
        return at.ball(base) ** int(exponent.p)
    is_odd = isinstance(exponent, fmpq) and exponent.q % 2 == 1
    if is_odd and not at.is_complex and not node.args[1].names:
        # Odd roots of negatives are real to those who write them.
        return _odd_root(at, at.ball(base), exponent)
    base, exponent = at.ball(base), at.ball(exponent)
    if not at.is_complex and not base > 0:
        if base >= 0 and exponent > 0:
            return base**exponent
        raise Undefined
    return base**exponent


def _odd_root(at: Evaluation, base: Value, exponent: fmpq) -> Value:
    if base >= 0:
        if base == 0 and exponent <= 0:
            raise Undefined
        return base ** at.ball(exponent)
    if not base < 0:
        raise Undefined
    size = (-base) ** at.ball(exponent)
    return -size if exponent.p % 2 else size


def _root(at: Evaluation, node: Node) -> Value:
    degree, radicand = (at.value(arg) for arg in node.args)
    if not isinstance(degree, fmpq) or degree == 0:
        raise Undefined
    if degree == 2 and isinstance(radicand, fmpq) and radicand >= 0:
        top, bottom = fmpz(radicand.p).isqrt(), fmpz(radicand.q).isqrt()
        if top * top == radicand.p and bottom * bottom == radicand.q:
            return fmpq(top, bottom)
    ball = at.ball(radicand)
    if degree == 2:
        if not at.is_complex and not ball >= 0:
            raise Undefined
        return ball.sqrt()
    power = 1 / degree
    if degree.q == 1 and degree.p % 2 == 1 and not at.is_complex:
        return _odd_root(at, ball, power)
    if not at.is_complex and not ball >= 0:
        raise Undefined
    return ball ** at.ball(power)


def _factorial(at: Evaluation, node: Node) -> Value:
    value = at.value(node.args[0])
    if isinstance(value, fmpq) and value.q == 1:
        if value < 0:
            raise Undefined
        if value.p <= 3_000:
            return fmpq(fmpz.fac_ui(value.p))
    return (at.ball(value) + 1).gamma()


def _double_factorial(at: Evaluation, node: Node) -> Value:
    value = at.value(node.args[0])
    if not isinstance(value, fmpq) or value.q != 1 or not -1 <= value.p <= 3_000:
        raise Undefined
    product = fmpz(1)
    for factor in range(int(value.p), 1, -2):
        product *= factor
    return fmpq(product)


def _binom(at: Evaluation, node: Node) -> Value:
    top, bottom = (at.value(arg) for arg in node.args)
    if isinstance(top, fmpq) and isinstance(bottom, fmpq) and top.q == bottom.q == 1:
        if not 0 <= top.p <= 20_000:
            raise Undefined if top < 0 else TooLarge
        return fmpq(fmpz.bin_uiui(int(top.p), int(bottom.p)) if bottom >= 0 else 0)
    top, bottom = at.ball(top), at.ball(bottom)
    return (top + 1).gamma() / ((bottom + 1).gamma() * (top - bottom + 1).gamma())


def _abs(at: Evaluation, node: Node) -> Value:
    value = at.value(node.args[0])
    if isinstance(value, acb):
        return acb(abs(value))
    return abs(value)


def _floor(at: Evaluation, node: Node) -> Value:
    value = at.value(node.args[0])
    if isinstance(value, fmpq):
        return fmpq(value.floor() if node.op == "floor" else value.ceil())
    if isinstance(value, acb):
        raise Undefined
    return value.floor() if node.op == "floor" else value.ceil()


def _percent(at: Evaluation, node: Node) -> Value:
    return at.value(node.args[0]) / fmpq(100)


def _degrees(at: Evaluation, node: Node) -> Value:
    return at.ball(at.value(node.args[0])) * at.ball(arb.pi()) / 180


def _radians(at: Evaluation, node: Node) -> Value:
    return at.value(node.args[0])


def _remainder(at: Evaluation, node: Node) -> Value:
    left, right = (at.value(arg) for arg in node.args)
    if not isinstance(left, fmpq) or not isinstance(right, fmpq) or right == 0:
        raise Undefined
    return left - right * fmpq((left / right).floor())


def _big(at: Evaluation, node: Node) -> Value:
    """A sum or product over whole numbers, of at most MAX_TERMS terms."""
    variable, start, end, body = node.args
    first, last = at.value(start), at.value(end)
    if not all(isinstance(v, fmpq) and v.q == 1 for v in (first, last)):
        raise Undefined
    if last.p - first.p > MAX_TERMS:
        raise TooLarge
    outer = at.bound.get(variable.value)
    total: Value = fmpq(0 if node.op == "sum" else 1)
    for index in range(int(first.p), int(last.p) + 1):
        at.bound[variable.value] = fmpq(index)
        term = at.value(body)
        if not (isinstance(total, fmpq) and isinstance(term, fmpq)):
            total, term = at.ball(total), at.ball(term)
        total = total + term if node.op == "sum" else total * term
    if outer is None:
        at.bound.pop(variable.value, None)
    else:
        at.bound[variable.value] = outer
    return total


OPERATIONS: Rules = {
    "number": _number,
    "name": _name,
    "constant": _constant,
    "indexed": unknown_value,
    "prime": unknown_value,
    "accent": unknown_value,
    "based": unknown_value,
    "add": _add,
    "mul": _mul,
    "div": _div,
    "fraction": _div,
    "neg": _neg,
    "pow": _pow,
    "root": _root,
    "factorial": _factorial,
    "double_factorial": _double_factorial,
    "binom": _binom,
    "abs": _abs,
    "floor": _floor,
    "ceil": _floor,
    "percent": _percent,
    "degrees": _degrees,
    "radians": _radians,
    "remainder": _remainder,
    "sum": _big,
    "prod": _big,
}
