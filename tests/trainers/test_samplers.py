"""The order of problems is a function of seed, epoch and history."""

from typing import Any

import polars as pl
import pytest
import torch
from datasets import Dataset
from trl.trainer.utils import RepeatSampler

from pipeline.errors import UserError
from trainers.algorithms import Order
from trainers.samplers import History, OrderedSampler

ROWS = {
    "id": [f"p{number}" for number in range(8)],
    "source": ["a"] * 6 + ["b"] * 2,
    "pass_rate": [0.5, 0.9, 0.1, 0.7, None, 0.3, 0.2, 0.8],
    "level": [1, 1, 2, 2, 3, 3, 4, 4],
}


def order(epoch: int, history: History | None = None, **options: Any) -> list[int]:
    """The problems of an epoch, two a batch, each once."""
    repeats = RepeatSampler(range(8), 1, batch_size=2, seed=3)
    sampler = OrderedSampler(
        Dataset.from_dict(ROWS), Order(**options), history or History(), repeats
    )
    sampler.set_epoch(epoch)
    return list(sampler)


def history(*epochs: dict[str, list[float]]) -> History:
    counted = History()
    for number, rewards in enumerate(epochs):
        for name, values in rewards.items():
            counted.count(number, [name] * len(values), torch.tensor(values))
    return counted


def test_the_rank_of_the_export_is_the_default():
    assert order(0) == order(5) == list(range(8))


def test_an_epoch_is_shuffled_by_its_number():
    first, second = order(0, by="shuffled"), order(1, by="shuffled")

    assert sorted(first) == sorted(second) == list(range(8))
    assert first != second
    assert order(1, by="shuffled") == second


def test_lessons_go_from_easy_to_hard_and_what_is_unknown_comes_last():
    assert order(0, by="lessons") == [1, 7, 3, 0, 5, 6, 2, 4]


def test_lessons_may_be_predicates():
    ordered = order(0, by="lessons", lessons=["level > 2", "source"])

    assert set(ordered[:4]) == {0, 1, 2, 3}
    assert set(ordered[4:6]) == {4, 5}
    assert set(ordered[6:]) == {6, 7}


def test_a_lesson_that_is_no_sql_is_a_mistake_that_names_the_columns():
    with pytest.raises(UserError, match=r"order\.lessons.*levle") as mistake:
        order(0, by="lessons", lessons=["levle"])

    assert "level" in mistake.value.hint


def test_what_was_solved_every_time_is_left_out():
    solved = {f"p{number}": [1.0, 1.0] for number in (0, 1, 2)}
    counted = history(solved | {"p3": [1.0, 0.0], "p4": [float("nan")]})

    # Five problems are left for four batches of two: the order starts over.
    problems = order(1, counted, by="unsolved")
    assert len(problems) == 8
    assert set(problems) == {3, 4, 5, 6, 7}
    assert sorted(order(0, counted, by="unsolved")) == list(range(8))


def test_solved_may_mean_less_than_always():
    counted = history({"p0": [1.0, 0.0], "p1": [1.0, 0.0, 0.0], "p2": [1.0]})

    assert set(order(1, counted, by="unsolved", solved_rate=0.5)) == {1, 3, 4, 5, 6, 7}


def test_failures_begin_with_what_the_stages_before_measured():
    latest = [1.0] * 7 + [0.0]
    repeats = RepeatSampler(range(8), 1, batch_size=2, seed=3)
    rows = Dataset.from_dict(ROWS | {"latest_pass_rate": latest})
    sampler = OrderedSampler(rows, Order(by="failures"), History(), repeats)

    assert list(sampler).count(7) >= 7


def test_a_solved_problem_stays_away_in_later_epochs():
    counted = history({"p0": [1.0]}, {"p1": [1.0]})

    assert set(order(2, counted, by="unsolved")) == {2, 3, 4, 5, 6, 7}


def test_where_all_is_solved_all_is_asked():
    counted = history({name: [1.0] for name in ROWS["id"]})

    assert sorted(order(1, counted, by="unsolved")) == list(range(8))


def test_failures_are_asked_in_proportion():
    always = {name: [1.0] * 4 for name in ROWS["id"]}
    counted = history(always | {"p2": [0.0] * 4})
    drawn = [
        index
        for epoch in range(1, 40)
        for index in order(
            epoch, history(*[always | {"p2": [0.0] * 4}] * epoch), by="failures"
        )
    ]

    assert drawn.count(2) > 0.95 * len(drawn)
    # Before the first epoch the recorded pass rates count: .9 is seldom asked.
    first = [index for epoch in range(200) for index in order(epoch, by="failures")]
    expected = [0.5, 0.1, 0.9, 0.3, 0.5, 0.7, 0.8, 0.2]
    for index, weight in enumerate(expected):
        assert first.count(index) / len(first) == pytest.approx(weight / 4, abs=0.04)
    assert counted.rates(before=1)["p2"] == 0.0


def test_easy_problems_are_asked_with_a_probability():
    solved = {name: [1.0] for name in ROWS["id"][:4]}
    epochs = range(1, 100)
    drawn = [
        index
        for epoch in epochs
        for index in order(
            epoch, history(*[solved] * epoch), by="easy_pool", easy_probability=0.25
        )
    ]

    share = sum(index < 4 for index in drawn) / len(drawn)
    assert share == pytest.approx(0.25, abs=0.05)


def test_sources_are_mixed_by_weight():
    weights = {"a": 1.0, "b": 3.0}
    drawn = [
        index for epoch in range(100)
        for index in order(epoch, by="mix", weights=weights)
    ]  # fmt: skip

    share = sum(index >= 6 for index in drawn) / len(drawn)
    assert share == pytest.approx(0.75, abs=0.05)


def test_a_weight_of_a_source_that_is_not_there_is_a_mistake():
    with pytest.raises(UserError, match="of the source 'c'"):
        order(0, by="mix", weights={"c": 1.0})


def test_weights_and_mix_go_together():
    with pytest.raises(ValueError, match="go together"):
        Order(by="mix")


def test_batches_are_repeated_as_trl_repeats_them():
    repeats = RepeatSampler(range(8), 3, batch_size=2, repeat_count=2, seed=3)
    ordered = OrderedSampler(Dataset.from_dict(ROWS), Order(), History(), repeats)
    repeated = RepeatSampler(range(8), 3, batch_size=2, repeat_count=2, shuffle=False)

    assert list(ordered) == list(repeated)
    assert len(ordered) == len(repeated)


def test_a_history_is_a_table_of_what_was_decided_and_right():
    counted = history({"p1": [1.0, 0.0, float("nan")]}, {"p0": [1.0]})

    assert counted.table().equals(
        pl.DataFrame(
            {
                "id": ["p1", "p0"],
                "stage": [0, 0],
                "epoch": [0, 1],
                "n_decided": [2, 1],
                "n_correct": [1, 1],
            },
            schema=counted.table().schema,
        )
    )
