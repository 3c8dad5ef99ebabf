r"""Reading what is written of a tree gives the tree, for golds and for random trees."""

import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.verifiers.answers.answer import read
from pipeline.verifiers.answers.tokens import Unreadable
from pipeline.verifiers.answers.tree import Node, constant, name, number
from tests.support.golds import bare, read_golds
from tests.support.written import NotWritten, write

CASES = Path(__file__).parents[3] / "cases"


def find_changed(golds: Iterable[str]) -> tuple[int, list[str]]:
    """How many trees are written, and the gold answers whose tree changes."""
    written, changed = 0, []
    for gold in golds:
        try:
            tree = read(bare(gold)).tree
            text = write(tree)
        except (Unreadable, NotWritten):
            continue
        written += 1
        if read(text).tree != tree:
            changed.append(gold)
    return written, changed


def test_gold_answers_of_our_cases_are_read_as_they_are_written():
    lines = chain(*(file.read_text().splitlines() for file in CASES.glob("*.jsonl")))
    written, changed = find_changed(json.loads(line)["gold"] for line in lines)

    assert written > 80
    assert changed == []


@pytest.mark.realdata
def test_gold_answers_of_public_sets_are_read_as_they_are_written(data: Path):
    golds = set(chain(*read_golds(data).values()))
    written, changed = find_changed(golds)

    assert written > 13_000
    assert changed == []


def _nodes(
    op: str, count: int, inner: st.SearchStrategy[Node]
) -> st.SearchStrategy[Node]:
    return st.tuples(*[inner] * count).map(lambda args: Node(op, args))


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pairs = [_nodes(op, 2, inner) for op in ("add", "mul", "div", "pow")]
    calls = st.tuples(inner, st.sampled_from(["sin", "ln", "exp", "gcd"])).map(
        lambda pair: Node("call", pair[:1], pair[1])
    )
    return st.one_of(*pairs, _nodes("neg", 1, inner), _nodes("abs", 1, inner), calls)


LEAVES = st.one_of(
    st.integers(0, 10**9).map(number),
    st.integers(1, 999).map(lambda n: number(Fraction(n, 100), len(str(n)), 2)),
    st.sampled_from([*map(name, ("a", "b", "x", "alpha", "R")), constant("pi")]),
)


@given(st.recursive(LEAVES, _larger, max_leaves=12))
@settings(max_examples=300, deadline=None)
def test_random_trees_are_read_as_they_are_written(tree: Node):
    flat = read(write(tree)).tree

    assert read(write(flat)).tree == flat
    assert flat == tree or _joined(flat) == _joined(tree)


def _joined(tree: Node) -> Node:
    """The tree with sums of sums as one sum, as brackets around a first term go."""
    args = tuple(map(_joined, tree.args))
    if tree.op == "add":
        args = tuple(chain(*(a.args if a.op == "add" else (a,) for a in args)))
    return tree._replace(args=args)
