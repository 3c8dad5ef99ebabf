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
    PRECISION,
    evaluate,
    have_imaginary,
)
from pipeline.verifiers.answers.operations import NoValue, TooLarge, Undefined, to_ball
from pipeline.verifiers.answers.tree import Node, number

MAX_PRECISION = 20_000
MARGIN = 64  # bits of agreement beyond twice the weight
POINTS, POSITIVE = 16, 8
NEEDED = 3
FAULTS = (Undefined, NoValue, TooLarge, RecursionError)
WHOLE = 100  # from this point on symbols are whole numbers


def same_value(left: Node, right: Node) -> bool | None:
    """True, False (proven), or None where no point says anything.

    Raises TooLarge where it would take too much work, NoValue where a tree has none.
    """
    if not left.names and not right.names:
        return _compare_constants(left, right)
    if not have_imaginary(left, right):
        for points in (range(POINTS), range(WHOLE, WHOLE + POINTS)):
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
    left, right = (Node("add", (number(0), *terms)) for terms in (mine, yours))
    verdict = _compare_at(left, right, range(1), 1)
    are_defined = all(_is_defined(tree, 0, is_complex=True) for tree in (left, right))
    if verdict is None and are_defined:
        raise TooLarge  # their values are too close to tell
    return verdict


def _terms(tree: Node) -> Iterator[Node]:
    """The terms of a sum with their signs."""
    if tree.op == "add":
        for arg in tree.args:
            yield from _terms(arg)
    elif tree.op == "neg" and tree.args[0].op in ("add", "neg"):
        for term in _terms(tree.args[0]):
            yield term.args[0] if term.op == "neg" else Node("neg", (term,))
    else:
        yield tree


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
    try:
        order = _order_at(left, right, point, is_complex=is_complex)
    except Undefined:
        # Of sequences, one that has no value differs from one that has.
        are_defined = {
            _is_defined(tree, point, is_complex=is_complex) for tree in (left, right)
        }
        return False if point >= WHOLE and len(are_defined) == 2 else None
    return None if order is None else order == 0


def _is_defined(tree: Node, point: int, *, is_complex: bool) -> bool:
    try:
        evaluate(tree, point, is_complex=is_complex)
    except Undefined:
        return False
    return True


def _order_at(
    left: Node, right: Node, point: int = 0, *, is_complex: bool = False
) -> int | None:
    """-1, 0 or 1 as left is below, at or above right; None where they are too close.

    256 bits do nearly always; others get four times as many each time. In 64 bits more
    than twice their weight values of such trees agree only if they are equal.
    """
    bits = PRECISION
    while bits <= 4 * MAX_PRECISION:
        (mine, weight), (yours, more) = (
            evaluate(tree, point, is_complex=is_complex, precision=bits)
            for tree in (left, right)
        )
        if isinstance(mine, fmpq) and isinstance(yours, fmpq):
            return (mine > yours) - (mine < yours)
        agreement = MARGIN + 2 * (weight + more)
        kind = acb if is_complex else arb
        mine, yours = to_ball(mine, kind), to_ball(yours, kind)
        if not mine.overlaps(yours):
            return 1 if is_complex or mine > yours else -1
        if agreement > MAX_PRECISION:
            return None
        if abs(mine - yours) < arb(2) ** -agreement:
            return 0
        bits *= 4
    return None


def compare_numbers(left: Node, right: Node) -> int | None:
    """-1, 0 or 1 as left is below, at or above right; None where one has no value.

    Raises TooLarge where they are too close to tell.
    """
    try:
        order = _order_at(left, right)
    except Undefined:
        return None
    if order is None:
        raise TooLarge
    return order


def approximate(tree: Node) -> float | None:
    """The value of a constant tree as a float; None where it has none."""
    try:
        return float(to_ball(evaluate(tree)[0], arb).mid())
    except (*FAULTS, OverflowError):
        return None


def is_rational(tree: Node) -> bool:
    """Whether a tree is a rational number and no more than that."""
    try:
        return not tree.names and isinstance(evaluate(tree)[0], fmpq)
    except FAULTS:
        return False


def is_constant_ratio(left: Node, right: Node) -> int | None:
    """The sign of left / right where it is one number other than 0, else None.

    left and right are the differences of the sides of two relations: they have the
    same zeros, and one sign or opposite ones, if their ratio is constant.
    """
    if not left.names and not right.names:
        return None
    if _vanishes(left) or _vanishes(right):
        return None  # more digits of what is 0 everywhere would be asked for in vain
    ratio = Node("div", (left, right))
    if not same_value(ratio, Node("elsewhere", (ratio,))):
        return None
    is_complex = have_imaginary(ratio)
    for point in (*range(POINTS), *range(WHOLE, WHOLE + POINTS)):
        try:
            return _order_at(ratio, number(0), point, is_complex=is_complex) or None
        except Undefined:
            continue
    return None


def _vanishes(tree: Node) -> bool:
    """Whether a value may be 0 at the first points, as far as `PRECISION` tells."""
    is_complex = have_imaginary(tree)
    for point in range(NEEDED):
        try:
            value, _ = evaluate(tree, point, is_complex=is_complex)
        except Undefined:
            return False
        if not to_ball(value, acb).overlaps(acb(0)):
            return False
    return True
