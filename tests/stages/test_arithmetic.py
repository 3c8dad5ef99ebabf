"""The demo's own problems: right, graded, and parted for good."""

import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.sources import arithmetic

SEEDS = st.integers(0, 10_000)
LEVELS = st.sampled_from(arithmetic.LEVELS)


def chains(count: int, seed: int, levels: list[int] | None = None, part="train"):
    rows = arithmetic.generate(count, seed, levels, part)
    return [row["expression"] for row in rows]


def test_a_row_has_its_worked_solution():
    assert arithmetic.adapt({"expression": "3+5-2+7", "level": 3}) == {
        "problem": "Compute 3+5-2+7.",
        "answer": "13",
        "domain": "math",
        "verifier": "math",
        "solutions": [
            {
                "text": "<think>3+5=8-2=6+7=13</think>\\boxed{13}",
                "model": "arithmetic",
                "correct": True,
            }
        ],
        "meta": {"level": 3},
    }


def test_a_product_comes_first():
    worked = arithmetic.solution("7*8-9")
    assert worked == "<think>7*8=56-9=47</think>\\boxed{47}"


@pytest.mark.parametrize("expression", [None, 7, "", "3", "3+", "three", "3+x", "3^2"])
def test_what_is_no_chain_says_so(expression: object):
    reason = arithmetic.adapt({"expression": expression, "level": 1})

    assert isinstance(reason, str)
    assert reason.startswith("expression: expected a chain")


@given(LEVELS, SEEDS)
def test_the_running_total_ends_at_what_python_says(level: int, seed: int):
    chain = arithmetic.draw(level, random.Random(seed))

    assert re.fullmatch(r"[0-9+*-]+", chain), "so that eval is safe here"
    assert arithmetic.totals(chain)[-1] == eval(chain)


@pytest.mark.parametrize(
    ("level", "operations", "operand"),
    [(1, {1}, 1), (2, {2}, 1), (3, {3}, 1), (4, {4}, 1), (5, {6}, 1), (6, {8}, 1),
     (7, {2, 3}, 1), (8, {1, 2}, 2)],
)  # fmt: skip
def test_levels_grow_in_length_and_operands(level, operations, operand):
    for chain in chains(50, 1, [level]):
        numbers = re.findall(r"\d+", chain)
        assert len(numbers) - 1 in operations
        assert {len(number) for number in numbers} == {operand}
        assert chain.count("*") == (1 if level == 7 else 0)


def test_the_same_seed_gives_the_same_rows_and_another_gives_others():
    assert chains(40, 7) == chains(40, 7)
    assert chains(40, 7) != chains(40, 8)


def test_rows_are_distinct_and_take_their_levels_in_turn():
    rows = list(arithmetic.generate(400, 3))

    assert len({row["expression"] for row in rows}) == 400
    assert Counter(row["level"] for row in rows) == dict.fromkeys(range(1, 9), 50)


def test_a_level_that_runs_out_leaves_its_turns_to_the_others():
    only = chains(1000, 0, [1])
    assert 130 < len(only) < 162, "9 · 2 · 9 one-digit sums, less what is held out"

    both = list(arithmetic.generate(1000, 0, [1, 6]))
    assert len(both) == 1000


def test_what_is_held_out_is_in_no_training_row():
    train, held_out = set(chains(3000, 1)), set(chains(300, 2, part="heldout"))

    assert not train & held_out
    assert {arithmetic.part_of(chain) for chain in held_out} == {"heldout"}


def test_one_chain_in_ten_is_held_out():
    rng = random.Random(0)
    drawn = {arithmetic.draw(6, rng) for _ in range(5000)}
    share = sum(arithmetic.part_of(chain) == "heldout" for chain in drawn) / len(drawn)

    assert share == pytest.approx(0.1, abs=0.02)


def test_the_noisy_corpus_is_as_mixed_as_it_says():
    rng = random.Random(0)
    right = arithmetic.solution("3+5-2+7")
    seen = Counter()
    for _ in range(4000):
        text = arithmetic.noisy_solution("3+5-2+7", rng)
        boxed = re.search(r"\\boxed\{(-?\d+)\}", text)
        kind = (
            "careful" if text == right
            else "unboxed" if boxed is None
            else "guess" if text.startswith("<think></think>")
            else "slip"
        )  # fmt: skip
        seen[kind] += 1

    shares = {kind: round(n / 4000, 2) for kind, n in seen.items()}
    assert shares == pytest.approx(
        {"careful": 0.60, "guess": 0.18, "slip": 0.12, "unboxed": 0.10}, abs=0.02
    )
