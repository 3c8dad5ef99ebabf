r"""Whether two expressions have equal values, proven where they differ.

At each point both are evaluated; balls that do not meet prove a difference. Balls that
meet prove nothing: two values are taken for equal where they agree in more bits than
the trees are long, written without powers and exponentials (`weigh`). That is a witness
conjecture (van der Hoeven, Counterexamples to witness conjectures, 2006): no proof, and
numbers can be constructed that come closer, but nobody writes them as an answer. What
weighs more than can be computed with stays undecided, such as `1-2^{-2^{2001}}` and 1.
Points where one is undefined say nothing: `2\\ln a + \\ln b` and `\\ln(a^2b)` agree
where both are defined.
"""

from collections.abc import Iterator

from flint import acb, arb, fmpq

from pipeline.verifiers.answers.evaluate import (
    evaluate,
    have_imaginary,
    set_precision,
    weigh,
)
from pipeline.verifiers.answers.evaluation import NoValue, TooLarge, Undefined, Value
from pipeline.verifiers.answers.tree import Node, number

FIRST_PRECISION, RATIO_PRECISION, MAX_PRECISION = 256, 512, 20_000
MARGIN = 64  # bits of agreement beyond twice the weight
POINTS, POSITIVE = 16, 8
WHOLE_POINTS = 16
NEEDED = 3
WHOLE = 100  # from this point on symbols are whole numbers


def same_value(left: Node, right: Node) -> bool | None:
    """True, False (proven), or None where no point says anything.

    Raises TooLarge where it would take too much work, NoValue where a tree has none.
    """
    names = left.names | right.names
    if not names:
        return _compare_constants(left, right)
    if not have_imaginary(left, right):
        for points in (range(POINTS), range(WHOLE, WHOLE + WHOLE_POINTS)):
            verdict = _compare_at(left, right, points, NEEDED)
            if verdict is not None:
                return verdict
    return _compare_at(left, right, range(POINTS), NEEDED, is_complex=True)


def agree_where_positive(left: Node, right: Node) -> bool | None:
    """The same for symbols of which each is above 0."""
    return _compare_at(left, right, range(POSITIVE), NEEDED)


def _compare_constants(left: Node, right: Node) -> bool | None:
    """By their values; where these are too close, without the terms of both."""
    verdict = _compare_at(left, right, range(1), 1)
    if verdict is not None:
        return verdict
    mine, yours = list(_terms(left)), list(_terms(right))
    for term in list(mine):
        if term in yours:
            mine.remove(term)
            yours.remove(term)
    if not mine and not yours:
        return True
    return _compare_at(_total(mine), _total(yours), range(1), 1)


def _terms(tree: Node, sign: str = "+") -> Iterator[tuple[str, Node]]:
    """The terms of a sum with their signs."""
    if tree.op == "neg":
        yield from _terms(tree.args[0], "-" if sign == "+" else "+")
    elif tree.op == "add":
        for arg in tree.args:
            yield from _terms(arg, sign)
    else:
        yield sign, tree


def _total(terms: list[tuple[str, Node]]) -> Node:
    signed = (Node("neg", (term,)) if sign == "-" else term for sign, term in terms)
    return Node("add", (number(0), *signed))


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
    for bits in _precisions():
        set_precision(bits)
        pair: list[tuple[Value, int]] = []
        for tree in (left, right):
            try:
                pair.append(weigh(tree, point, is_complex=is_complex))
            except (Undefined, ZeroDivisionError):
                continue
        if len(pair) < 2:
            # Of sequences, one that has no value differs from one that has.
            return False if pair and point >= WHOLE else None
        (mine, weight), (yours, more) = pair
        order = _compare_balls(mine, yours, weight + more, is_complex=is_complex)
        if order is not None:
            return order == 0
        if _agreement(weight + more) > MAX_PRECISION:
            break
    return None


def _precisions() -> Iterator[int]:
    """256 bits, which nearly always do, and four times as many each time."""
    bits = FIRST_PRECISION
    while bits <= 4 * MAX_PRECISION:
        yield bits
        bits *= 4


def _agreement(weight: int) -> int:
    """In how many bits values of such trees agree only if they are equal."""
    return MARGIN + 2 * weight


def _compare_balls(
    left: Value, right: Value, weight: int, *, is_complex: bool
) -> int | None:
    """0 for equal values, -1 or 1 for others; None where more digits are needed."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return (left > right) - (left < right)
    left, right = _ball(left, is_complex), _ball(right, is_complex)
    if not left.overlaps(right):
        return 1 if is_complex or left > right else -1
    is_close = abs(left - right) < arb(2) ** -_agreement(weight)
    return 0 if is_close and _agreement(weight) <= MAX_PRECISION else None


def _ball(value: Value, is_complex: bool) -> Value:
    if isinstance(value, fmpq):
        value = arb(value.p) / arb(value.q)
    return acb(value) if is_complex else value


def approximate(tree: Node) -> float | None:
    """The value of a constant tree as a float; None where it has none."""
    set_precision(FIRST_PRECISION)
    try:
        value = evaluate(tree)
    except (Undefined, NoValue, TooLarge, ZeroDivisionError, RecursionError):
        return None
    try:
        return float(_ball(value, is_complex=False).mid())
    except OverflowError:
        return None


def compare_numbers(left: Node, right: Node) -> int | None:
    """-1, 0 or 1 as left is below, at or above right; None where one has no value.

    Raises TooLarge where they are too close to tell.
    """
    for bits in _precisions():
        set_precision(bits)
        try:
            (low, weight), (high, more) = weigh(left), weigh(right)
        except (Undefined, ZeroDivisionError):
            return None
        order = _compare_balls(low, high, weight + more, is_complex=False)
        if order is not None:
            return order
        if _agreement(weight + more) > MAX_PRECISION:
            break
    raise TooLarge


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
) -> Iterator[tuple[Value, int]]:
    """The quotients where both have a value that is not 0, each with its weight."""
    set_precision(RATIO_PRECISION)
    for point in points:
        try:
            (top, weight), (bottom, more) = (
                weigh(t, point, is_complex=is_complex) for t in (left, right)
            )
        except (Undefined, ZeroDivisionError):
            continue
        if isinstance(top, fmpq) and isinstance(bottom, fmpq):
            if top and bottom:
                yield top / bottom, 0  # exact, however long
            continue
        top, bottom = _ball(top, is_complex), _ball(bottom, is_complex)
        zero = _ball(fmpq(0), is_complex)
        if not top.overlaps(zero) and not bottom.overlaps(zero):
            yield top / bottom, weight + more


def _sign_of_all(ratios: list[tuple[Value, int]], is_complex: bool) -> int | None:
    first, weight = ratios[0]
    for ratio, more in ratios[1:]:
        if isinstance(ratio, fmpq) and isinstance(first, fmpq):
            if ratio != first:
                return None
        elif not _ball(ratio, is_complex).overlaps(_ball(first, is_complex)):
            return None
        if _agreement(weight + more) > MAX_PRECISION:
            raise TooLarge
    if is_complex:
        return 1
    return 1 if first > 0 else -1


__all__ = ["NoValue", "TooLarge", "compare_numbers", "is_constant_ratio", "same_value"]
