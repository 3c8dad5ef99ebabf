r"""Values of trees, in exact rationals where they go and in balls where they do not.

A ball (arb, acb of python-flint: Johansson, IEEE Trans. Comput. 66(8), 2017) holds the
true value for certain: balls that do not meet prove that two values differ. Symbols get
rational values from a hash of their name and the number of the point, so that the same
two trees are always compared at the same points.

Work is counted, not timed: a tree that needs more than `BUDGET` steps, or numbers of
more than `MAX_BITS`, raises TooLarge.
"""

from functools import lru_cache
from hashlib import blake2b

from flint import acb, arb, ctx, fmpq

from pipeline.verifiers.answers.operations import (
    BALLS,
    EXACT,
    MAX_BITS,
    NoValue,
    TooLarge,
    Undefined,
    Value,
    bits,
    raise_ball,
    to_ball,
)
from pipeline.verifiers.answers.tree import Node, number

PRECISION = 256
BUDGET = 20_000
MAX_TERMS = 500
POWERS, PRODUCTS = ("pow", "root"), ("pow", "mul")
# A function nobody defined has some value for every argument.
UNKNOWN = ("indexed", "prime", "accent", "based")
# `f(2)` is no product of f and 2, as `a(2)` may be; `C(20, 10)` and `C_{20}^{10}`.
FUNCTION_NAMES = {*"fghFGHPQ"}
CHOICES = Node("name", (), "C")
UNVALUED = ("words", "relation", "list")


def evaluate(
    tree: Node, point: int = 0, *, is_complex: bool = False, precision: int = PRECISION
) -> tuple[Value, int]:
    """The value of a tree (fmpq, arb or acb), and the weight of all on the way to it.

    Raises Undefined, TooLarge, and NoValue for what is no expression.
    """
    ctx.prec = precision
    at = Evaluation(point, is_complex=is_complex)
    return at.value(tree), at.weight


class Evaluation:
    """Values at one point; `is_complex` allows roots and logarithms of negatives.

    `weight` adds up the bits of all values on the way, of balls those before or behind
    the point: how long the tree would be without powers and exponentials.
    """

    def __init__(self, point: int, *, is_complex: bool) -> None:
        self.point, self.is_complex = point, is_complex
        self.kind = acb if is_complex else arb
        self.steps = self.weight = 0
        self.bound: dict[str, fmpq] = {}

    def value(self, node: Node) -> Value:
        self.steps += 1
        if self.steps > BUDGET:
            raise TooLarge
        try:
            result = self._value(node)
        except ZeroDivisionError:
            raise Undefined from None
        if isinstance(result, fmpq):
            if (length := bits(result)) > MAX_BITS:
                raise TooLarge
            self.weight += length
        elif not result.is_finite():
            raise Undefined
        else:
            self.weight += _magnitude(result)
        return result

    def _value(self, node: Node) -> Value:
        op = node.value if node.op == "call" else node.op
        if op == "number":
            return fmpq(node.value.value.numerator, node.value.value.denominator)
        if op == "name":
            if node.value in self.bound:
                return self.bound[node.value]
            return symbol_value(node.value, self.point)
        if op == "constant":
            return self._constant(node.value)
        if op in ("sum", "prod"):
            return self._add_up(node)
        if op == "elsewhere":
            return self._next(node.args[0])
        if op in PRODUCTS and (arguments := _choices(node)):
            return self._apply("binom", arguments)
        if op in EXACT or op in BALLS:
            is_function = node.value == "()" and _is_function(node)
            return self._unknown(node) if is_function else self._apply(op, node.args)
        if op in UNKNOWN or node.op == "call":
            return self._unknown(node)
        raise NoValue(op)

    def _apply(self, op: str, args: tuple[Node, ...]) -> Value:
        values = [self.value(arg) for arg in args]
        if op in EXACT and all(isinstance(value, fmpq) for value in values):
            exact = EXACT[op](*values)
            if exact is not None:
                return exact
        if op in POWERS:
            base, power = values if op == "pow" else (values[1], 1 / values[0])
            is_real_root = op == "root" or not args[1].names
            ball = to_ball(base, self.kind)
            return raise_ball(ball, power, is_real_root=is_real_root)
        if op not in BALLS:
            raise Undefined
        return BALLS[op](*(to_ball(value, self.kind) for value in values))

    def _next(self, node: Node) -> Value:
        """The value at the next point."""
        self.point += 1
        try:
            return self.value(node)
        finally:
            self.point -= 1

    def _constant(self, name: str) -> Value:
        if name == "pi":
            return to_ball(arb.pi(), self.kind)
        if name == "e":
            return to_ball(arb(1).exp(), self.kind)
        if name == "i" and self.is_complex:
            return acb(0, 1)
        raise NoValue(name)

    def _unknown(self, node: Node) -> Value:
        r"""A function nobody defined, `a_n` or `P(A)`."""
        if node.value in ("overline", "bar") and self.is_complex and not node.names:
            return to_ball(self.value(node.args[0]), acb).conjugate()
        if node.op == "accent":  # a name: AB is no product under an arrow
            return symbol_value(repr(node), self.point)
        parts = [
            str(value) if isinstance(value := self._try(arg), fmpq) else repr(arg)
            for arg in node.args
        ]
        return symbol_value(f"{node.op}/{node.value}/{'/'.join(parts)}", self.point)

    def _try(self, node: Node) -> Value | None:
        if node.op in UNVALUED:
            return None
        try:
            return self.value(node)
        except (NoValue, Undefined):
            return None

    def _add_up(self, node: Node) -> Value:
        """A sum or product over whole numbers, of at most MAX_TERMS terms."""
        variable, start, end, body = node.args
        first, last = self.value(start), self.value(end)
        if not all(isinstance(v, fmpq) and v.q == 1 for v in (first, last)):
            raise Undefined
        if last.p - first.p > MAX_TERMS:
            raise TooLarge
        op = "add" if node.op == "sum" else "mul"
        total, outer = fmpq(node.op == "prod"), self.bound
        for index in range(int(first.p), int(last.p) + 1):
            self.bound = outer | {variable.value: fmpq(index)}
            term = self.value(body)
            if not (isinstance(total, fmpq) and isinstance(term, fmpq)):
                total, term = to_ball(total, self.kind), to_ball(term, self.kind)
            total = BALLS[op](total, term)
        self.bound = outer
        return total


def _choices(node: Node) -> tuple[Node, ...] | None:
    """The arguments of `C(20, 10)` and `C_{20}^{10}`."""
    left, right = node.args
    if node.value == "()" and left == CHOICES and len(right.args) == 2:
        return right.args
    if node.op == "pow" and left.op == "indexed" and left.args[0] == CHOICES:
        return left.args[1], right
    return None


def _is_function(node: Node) -> bool:
    """Whether `()` stands behind a function: `f(2)`, `y'(x)`, `y(0)`."""
    head = node.args[0].args[0] if node.args[0].op == "prime" else node.args[0]
    is_named = head.value in FUNCTION_NAMES or node.args[1] == number(0)
    return is_named and node.args[0].op in ("name", "prime")


def _magnitude(ball: Value) -> int:
    """The size of the binary exponent of a ball.

    A ball around 0 has none, unless it is smaller than digits explain: `2^{-2^{3000}}`.
    """
    real = abs(ball) if isinstance(ball, acb) else ball
    mantissa, exponent = real.mid().man_exp()
    if mantissa:
        return abs(int(exponent) + int(mantissa).bit_length())
    mantissa, exponent = real.rad().man_exp()
    size = abs(int(exponent) + int(mantissa).bit_length())
    return size if mantissa and size > 2 * ctx.prec else 0


@lru_cache(4096)
def symbol_value(name: str, point: int) -> fmpq:
    """The rational value of a symbol at a point.

    The first 4 points are from 0 to 1, the next 4 from 1 to 10, others of either size
    and sign; from point 100 on they are small whole numbers, for symbols that count.
    """
    seed = int.from_bytes(blake2b(f"{name}/{point}".encode(), digest_size=8).digest())
    if point >= 100:
        return fmpq(2 + seed % 7)
    small = fmpq(7 + seed % 83, 97 + (seed >> 20) % 89)  # from 0 to 1
    large = fmpq(101 + seed % 487, 61 + (seed >> 20) % 37)  # from 1 to 10
    value = small if point < 4 or (point > 7 and (seed >> 41) % 2) else large
    is_negative = point >= 8 and (seed >> 40) % 2
    return -value if is_negative else value


def have_imaginary(*nodes: Node) -> bool:
    """Whether one of the trees has the imaginary unit in it."""
    unit = Node("constant", (), "i")
    return any(node == unit for tree in nodes for node in tree.walk())
