"""Lists, sets, tuples, intervals, ratios, matrices and functions by cases."""

from itertools import pairwise

from pipeline.verifiers.answers.labels import labelled
from pipeline.verifiers.answers.numeric_equality import same_value
from pipeline.verifiers.answers.regions import same_region
from pipeline.verifiers.answers.rules import COLLECTIONS, How, all_of, same_labelled
from pipeline.verifiers.answers.tree import Node

MAX_MEMBERS = 200
OTHERWISE = Node("words", (), "otherwise")


def compare_members(gold: Node, answer: Node, how: How) -> bool | None:
    if gold.op not in COLLECTIONS and answer.op not in COLLECTIONS:
        return None
    if "tuple" in (gold.op, answer.op) and gold.op == answer.op:
        return _tuples(gold, answer, how)
    kinds = {gold.op, answer.op}
    if kinds <= {"list", "set"}:
        return _unordered(gold, answer, how)
    if _has_value_beside_sets(gold) != _has_value_beside_sets(answer):
        return False
    if _are_numbers(gold) or _are_numbers(answer):
        is_point = any(t.op == "tuple" and len(t.args) != 2 for t in (gold, answer))
        return False if is_point else same_region(gold, answer)
    if kinds & {"union", "intersection", "minus", "builder"}:
        return same_region(gold, answer)
    if "tuple" in kinds and kinds & {"list", "set"}:
        return _tuple_of_list(gold, answer, how)
    first, other = (gold, answer) if gold.op in ("list", "set") else (answer, gold)
    if first.op == "set" and len(first.args) == 1 and other.value != "emptyset":
        return how.equal(first.args[0], other)
    if first.op == "list" and first.value == "or":  # `1/2 or 0.5` says one thing twice
        return all_of(how.equal(member, other) for member in first.args)
    return False


def _has_value_beside_sets(tree: Node) -> bool:
    """Whether a list offers a number beside sets: `(0, 1) or 3`."""
    sets = (*COLLECTIONS, "constant", "relation")
    is_set = [member.op in sets for member in tree.args]
    return tree.op == "list" and any(is_set) and not all(is_set)


def _are_numbers(tree: Node) -> bool:
    return tree.op == "constant" and tree.value[0] in "RZNQ"


def _tuples(gold: Node, answer: Node, how: How) -> bool | None:
    if len(gold.args) != len(answer.args):
        return False
    if len(gold.args) == 2 and gold.value != answer.value:
        return False
    return all_of(how.equal(*pair) for pair in zip(gold.args, answer.args, strict=True))


def _tuple_of_list(gold: Node, answer: Node, how: How) -> bool | None:
    """`(1, 2, 3)` and `a = 1, b = 2, c = 3`, in the order of the names."""
    first, other = (gold, answer) if gold.op == "tuple" else (answer, gold)
    if other.op == "set":
        return False
    values = labelled(other)
    members = [values[name] for name in sorted(values)] if values else list(other.args)
    if len(members) != len(first.args):
        return None if first.op == "tuple" and first.value != "()" else False
    return all_of(how.equal(*pair) for pair in zip(first.args, members, strict=True))


def _unordered(gold: Node, answer: Node, how: How) -> bool | None:
    """Members matched one to one; a set has each of its members once."""
    if any(m.op == "dots" for t in (gold, answer) for m in t.args):
        return _sequences(gold, answer, how)
    gold, answer = _share_label(gold), _share_label(answer)
    mine, yours = labelled(gold), labelled(answer)
    if mine and yours and len(mine) > 1 and len(yours) > 1:
        return same_labelled(mine, yours, how)
    if mine and len(mine) > 1 and not yours:
        left = [mine[name] for name in mine]
        if len(left) != len(answer.args):
            return False
        return all_of(how.equal(*p) for p in zip(left, answer.args, strict=True))
    left, right = list(gold.args), list(answer.args)
    if "set" in (gold.op, answer.op) or "or" in (gold.value, answer.value):
        left, right = _distinct(left, how), _distinct(right, how)
    if len(left) != len(right):
        return False
    if len(left) > MAX_MEMBERS:
        return None
    unsure = False
    for member in left:
        for index, candidate in enumerate(right):
            same = how.equal(member, candidate)
            unsure |= same is None
            if same:
                del right[index]
                break
        else:
            return None if unsure else False
    return True


def _share_label(tree: Node) -> Node:
    """`(x, y) = (1, 2), (3, 4)`: the label of the first is the label of all."""
    first = tree.args[0] if tree.args else tree
    if first.op != "relation" or first.args[0].op != "tuple":
        return tree
    return tree._replace(
        args=tuple(
            first._replace(args=(first.args[0], member))
            if member.op == "tuple" and len(first.args) == 2
            else member
            for member in tree.args
        )
    )


def _sequences(gold: Node, answer: Node, how: How) -> bool | None:
    """`1, 2, …, n` and `1, 2, 3, …, n`: what stands before and behind the dots.

    In order; where one has more before the dots, the other has to tell them.
    """
    (head, tail), (start, end) = map(_around_dots, (gold, answer))
    if head is None or start is None or len(tail) != len(end):
        return False
    longer = max(head, start, key=len)
    if len(head) != len(start) and not _runs(longer, min(len(head), len(start))):
        return False
    pairs = [*zip(head, start, strict=False), *zip(tail, end, strict=True)]
    return all_of(how.equal(*pair) for pair in pairs)


def _around_dots(tree: Node) -> tuple[list[Node] | None, list[Node]]:
    places = [index for index, m in enumerate(tree.args) if m.op == "dots"]
    if len(places) != 1:
        return None, []
    return list(tree.args[: places[0]]), list(tree.args[places[0] + 1 :])


def _runs(members: list[Node], known: int) -> bool:
    """Whether the first `known` members tell the others: by a step, or by a factor.

    Two members are one step apart; only three show a factor.
    """
    pairs = list(pairwise(members))
    steps = [Node("add", (right, Node("neg", (left,)))) for left, right in pairs]
    factors = [Node("div", (right, left)) for left, right in pairs]
    return any(
        known >= least and all(same_value(one, other) for one, other in pairwise(kind))
        for kind, least in ((steps, 2), (factors, 3))
    )


def _distinct(members: list[Node], how: How) -> list[Node]:
    kept: list[Node] = []
    for member in members[:MAX_MEMBERS]:
        if not any(how.equal(member, other) for other in kept):
            kept.append(member)
    return kept


def compare_ratios(gold: Node, answer: Node, how: How) -> bool | None:
    if "ratio" not in (gold.op, answer.op):
        return None
    if gold.op != answer.op:
        first, other = (gold, answer) if gold.op == "ratio" else (answer, gold)
        if len(first.args) == 2:
            return how.equal(Node("div", first.args), other)
        return False
    if len(gold.args) != len(answer.args):
        return False
    leading = [Node("div", (gold.args[0], answer.args[0]))]
    quotients = leading + [
        Node("div", pair) for pair in zip(gold.args[1:], answer.args[1:], strict=True)
    ]
    return all_of(same_value(*pair) for pair in pairwise(quotients))


def compare_tables(gold: Node, answer: Node, how: How) -> bool | None:
    """Matrices entry by entry, a column also as a tuple; functions case by case."""
    ops = {gold.op, answer.op}
    if "cases" in ops:
        return _unordered_cases(gold, answer, how) if len(ops) == 1 else False
    if not any(node.op == "matrix" for tree in (gold, answer) for node in tree.walk()):
        return None
    tables = [_entries(tree) for tree in (gold, answer)]
    if None in tables:
        return None
    left, right = tables
    assert left is not None
    assert right is not None
    if min(len(left), len(left[0])) == min(len(right), len(right[0])) == 1:
        left, right = (
            [[cell for row in table for cell in row]] for table in (left, right)
        )
    if [len(row) for row in left] != [len(row) for row in right]:
        return False
    cells = [[cell for row in table for cell in row] for table in (left, right)]
    return all_of(how.equal(left, right) for left, right in zip(*cells, strict=True))


def _entries(tree: Node) -> list[list[Node]] | None:
    """The rows of a matrix, of a multiple of one, or of nested brackets."""
    if tree.op == "matrix":
        return [list(row.args) for row in tree.args]
    if tree.op in ("mul", "div", "neg"):
        places = [p for p, arg in enumerate(tree.args) if _entries(arg) is not None]
        if len(places) != 1 or (tree.op == "div" and places != [0]):
            return None
        inner = _entries(tree.args[places[0]]) or []
        return [
            [
                tree._replace(
                    args=(*tree.args[: places[0]], cell, *tree.args[places[0] + 1 :])
                )
                for cell in row
            ]
            for row in inner
        ]
    if tree.op == "pow" and tree.args[1] == Node("name", (), "T"):
        rows = _entries(tree.args[0])
        return rows and [list(column) for column in zip(*rows, strict=True)]
    if tree.op == "tuple" and all(member.op == "tuple" for member in tree.args):
        return [list(member.args) for member in tree.args]
    return [list(tree.args)] if tree.op == "tuple" else None


def _unordered_cases(gold: Node, answer: Node, how: How) -> bool | None:
    """Case by case, by their conditions; `otherwise` is what no other case has."""
    if len(gold.args) != len(answer.args):
        return None
    right = list(answer.args)
    for case in gold.args:
        alike = [other for other in right if _has_condition_of(case, other, how)]
        if not alike:
            alike = [o for o in right if OTHERWISE in (case.args[-1], o.args[-1])]
            alike = [o for o in alike if how.equal(case.args[0], o.args[0])]
        if not alike:
            return None
        if not (verdict := how.equal(case.args[0], alike[0].args[0])):
            return verdict
        right.remove(alike[0])
    return True


def _has_condition_of(case: Node, other: Node, how: How) -> bool:
    """Whether two cases have equal conditions, or none."""
    if len(case.args) != len(other.args) or OTHERWISE in (*case.args, *other.args):
        return False
    pairs = zip(case.args[1:], other.args[1:], strict=True)
    return all_of(how.equal(*pair) for pair in pairs) is True
