r"""Whether two expressions have equal values, proven where they differ.

At each point both are evaluated; balls that do not meet prove a difference. They are
taken for equal where they meet at every point at which both are defined, in balls
smaller than `SMALLEST` beside the values. Points where one is undefined say nothing:
`2\\ln a + \\ln b` and `\\ln(a^2b)` agree where both are defined.
"""

from collections.abc import Iterator

from flint import acb, arb, fmpq

from pipeline.verifiers.answers.evaluate import evaluate, have_imaginary, set_precision
from pipeline.verifiers.answers.evaluation import NoValue, TooLarge, Undefined, Value
from pipeline.verifiers.answers.tree import Node

PRECISIONS = (128, 512, 2_048)
POINTS = 16
WHOLE_POINTS = 16
NEEDED = 3
WHOLE = 100  # from this point on symbols are whole numbers
TINY_BITS = 90  # balls must be so much smaller than the values


def same_value(left: Node, right: Node) -> bool | None:
    """True, False (proven), or None where no point says anything.

    Raises TooLarge where it would take too much work, NoValue where a tree has none.
    """
    names = left.names | right.names
    if not names:
        return _compare_at(left, right, range(1), 1)
    if not have_imaginary(left, right):
        for points in (range(POINTS), range(WHOLE, WHOLE + WHOLE_POINTS)):
            verdict = _compare_at(left, right, points, NEEDED)
            if verdict is not None:
                return verdict
    return _compare_at(left, right, range(POINTS), NEEDED, is_complex=True)


def _compare_at(
    left: Node, right: Node, points: range, needed: int, *, is_complex: bool = False
) -> bool | None:
    is_complex = is_complex or have_imaginary(left, right)
    met = 0
    for point in points:
        same = _same_at(left, right, point, is_complex)
        if same is False:
            return False
        met += bool(same)
    if met >= needed:
        return True
    if not is_complex and needed == 1:
        return _compare_at(left, right, points, needed, is_complex=True)
    return None


def _same_at(left: Node, right: Node, point: int, is_complex: bool) -> bool | None:
    for bits in PRECISIONS:
        set_precision(bits)
        pair: list[Value] = []
        for tree in (left, right):
            try:
                pair.append(evaluate(tree, point, is_complex=is_complex))
            except (Undefined, ZeroDivisionError):
                continue
        if len(pair) < 2:
            # Of sequences, one that has no value differs from one that has.
            return False if pair and point >= WHOLE else None
        verdict = _meet(pair[0], pair[1], is_complex)
        if verdict is not None:
            return verdict
    return None


def _meet(left: Value, right: Value, is_complex: bool) -> bool | None:
    """Whether two values are equal; None where more digits are needed."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return bool(left == right)
    left, right = _ball(left, is_complex), _ball(right, is_complex)
    if not left.overlaps(right):
        return False
    difference = abs(left - right)
    size = max(abs(left).upper(), abs(right).upper(), arb(2) ** -400)
    bound = min(size, arb(1)) * arb(2) ** -TINY_BITS
    return True if difference < bound else None


def _ball(value: Value, is_complex: bool) -> Value:
    if isinstance(value, fmpq):
        value = arb(value.p) / arb(value.q)
    return acb(value) if is_complex else value


def approximate(tree: Node) -> float | None:
    """The value of a constant tree as a float; None where it has none."""
    set_precision(PRECISIONS[0])
    try:
        value = evaluate(tree)
    except (Undefined, NoValue, TooLarge, ZeroDivisionError, RecursionError):
        return None
    try:
        return float(_ball(value, is_complex=False).mid())
    except OverflowError:
        return None


def compare_numbers(left: Node, right: Node) -> int | None:
    """-1, 0 or 1 as left is below, at or above right; None where one has no value."""
    for bits in (128, 512, 2_048):
        set_precision(bits)
        try:
            low, high = (evaluate(tree) for tree in (left, right))
        except (Undefined, ZeroDivisionError):
            return None
        if isinstance(low, fmpq) and isinstance(high, fmpq):
            return (low > high) - (low < high)
        difference = _ball(low, is_complex=False) - _ball(high, is_complex=False)
        if difference > 0:
            return 1
        if difference < 0:
            return -1
    return 0


def is_rational(tree: Node) -> bool:
    """Whether a tree is a rational number and no more than that."""
    if tree.names:
        return False
    try:
        return isinstance(evaluate(tree), fmpq)
    except (Undefined, NoValue, TooLarge, ZeroDivisionError, RecursionError):
        return False


def is_constant_ratio(left: Node, right: Node) -> int | None:
    """The sign of left / right where it is one number other than 0, else None.

    left and right are the differences of the sides of two relations: they have the
    same zeros, and one sign or opposite ones, if their ratio is constant.
    """
    names = left.names | right.names
    if not names:
        return None
    is_complex = have_imaginary(left, right)
    for points in (range(POINTS), range(100, 100 + WHOLE_POINTS)):
        ratios = list(_ratios(left, right, points, is_complex))
        if len(ratios) >= NEEDED:
            return _sign_of_all(ratios, is_complex)
    return None


def _ratios(
    left: Node, right: Node, points: range, is_complex: bool
) -> Iterator[Value]:
    set_precision(512)
    for point in points:
        try:
            top, bottom = (
                evaluate(t, point, is_complex=is_complex) for t in (left, right)
            )
        except (Undefined, ZeroDivisionError):
            continue
        top, bottom = _ball(top, is_complex), _ball(bottom, is_complex)
        if top.overlaps(_ball(fmpq(0), is_complex)) or bottom.overlaps(
            _ball(fmpq(0), is_complex)
        ):
            continue
        yield top / bottom


def _sign_of_all(ratios: list[Value], is_complex: bool) -> int | None:
    first = ratios[0]
    for ratio in ratios[1:]:
        if not ratio.overlaps(first):
            return None
    if is_complex:
        return 1
    return 1 if first > 0 else -1


__all__ = ["NoValue", "TooLarge", "compare_numbers", "is_constant_ratio", "same_value"]
