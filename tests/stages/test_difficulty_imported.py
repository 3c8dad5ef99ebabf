"""Pass rates as published sets spell them: what is read, and what is not."""

import json
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.filter import apply
from pipeline.schema import GRADE
from stages.difficulty import Params, judge
from tests.support.rows import problems

NOTHING = (None, 0, 0)


def imported(
    *recorded: Any, grades: pl.DataFrame | None = None, **options: Any
) -> list[tuple[float | None, int, int]]:
    """(pass_rate, n_samples, n_correct) of rows whose source recorded this under r."""
    rows = problems(
        *[f"Problem {number}" for number in range(len(recorded))],
        meta=[json.dumps({"r": value}) for value in recorded],
    )
    params = Params(not_sampled="keep", imported=[{"field": "r"} | options])
    sampled = pl.DataFrame(schema=GRADE) if grades is None else grades
    kept = apply(lambda rows: judge(rows, params, sampled), rows).kept

    has_rate = kept["pass_rate"].is_not_null()
    assert kept["rate_from"].is_not_null().equals(has_rate)
    return kept.select("pass_rate", "n_samples", "n_correct").rows()


def rate(recorded: Any, **options: Any) -> tuple[float | None, int, int]:
    """The same of one row."""
    (row,) = imported(recorded, **options)
    return row


@pytest.mark.parametrize(
    ("recorded", "options", "counts"),
    [
        (0.25, {}, (0.25, 0, 0)),  # ORZ: pass_at_n
        (0.375, {"samples": 8}, (0.375, 8, 3)),
        ("0.5", {}, (0.5, 0, 0)),  # Big-Math: llama8b_solve_rate
        ("0.75", {"samples": 32}, (0.75, 32, 24)),  # OpenMathReasoning
        ("3/8", {}, (0.375, 8, 3)),  # Polaris: difficulty
        (" 3 / 8 ", {"out_of": 8}, (0.375, 8, 3)),
        ("3 of 8", {}, (0.375, 8, 3)),
        ("3 out of 8", {}, (0.375, 8, 3)),
        ("0/8", {}, (0.0, 8, 0)),
        (1.0000000000000002, {}, (1.0, 0, 0)),  # a mean of floats
        ("37.5%", {}, (0.375, 0, 0)),
        ("37.5 %", {"samples": 8}, (0.375, 8, 3)),
        (37.5, {"out_of": "percent"}, (0.375, 0, 0)),
        ("37.5", {"out_of": "percent", "samples": 8}, (0.375, 8, 3)),
        (100, {"out_of": "percent"}, (1.0, 0, 0)),
        (True, {}, (1.0, 1, 1)),
        (False, {}, (0.0, 1, 0)),
        ("True", {}, (1.0, 1, 1)),
        ([True, False, False, True], {}, (0.5, 4, 2)),  # OpenR1: correctness
        ("[True, False, false, true]", {}, (0.5, 4, 2)),
        ([True, None, False], {}, (0.5, 2, 1)),  # one was not judged
        ([0.0, 0.5, 1.0], {}, (0.5, 0, 0)),
        ([0.0, 0.5, 1.0], {"take": "first", "samples": 8}, (0.0, 8, 0)),
        ([0.0, 0.5, 1.0], {"take": "last"}, (1.0, 0, 0)),
        (["1/4", "3/4"], {}, (0.5, 8, 4)),
        (6, {"out_of": 8}, (0.75, 8, 6)),  # Dolci, AceReason
        ("6", {"out_of": 8}, (0.75, 8, 6)),
        (12, {"out_of": 16, "sense": "failure"}, (0.25, 16, 4)),  # Skywork-OR1
        ("2/8", {"sense": "failure"}, (0.75, 8, 6)),
        (True, {"sense": "failure"}, (0.0, 1, 0)),
    ],
)
def test_rates_in_the_spellings_of_published_sets(recorded, options, counts):
    assert rate(recorded, **options) == counts


@pytest.mark.parametrize(
    ("recorded", "options"),
    [
        ("n/a", {}),  # OpenMathReasoning, where nothing was sampled
        ("", {}),
        ("nan", {}),
        ("inf", {}),
        (1.5, {}),
        (-0.5, {}),
        (12, {}),
        ("9/8", {}),
        ("0/0", {}),
        ("-1/8", {}),
        ("3/8/2", {}),
        ("101%", {}),
        ({"right": 3, "of": 8}, {}),
        ([0.5, "n/a"], {}),
        ([[0.5]], {}),
        ("[0.5", {}),
        # What the recipe says does not fit.
        ("3/8", {"out_of": 16}),
        ("3/8", {"out_of": "percent"}),
        (True, {"out_of": 8}),
        ("50%", {"out_of": 8}),
        (9, {"out_of": 8}),
        (2.5, {"out_of": 8}),
        (101, {"out_of": "percent"}),
    ],
)
def test_what_is_no_rate_is_null_and_counted(recorded, options, capsys):
    assert rate(recorded, **options) == NOTHING
    assert "difficulty: 1 of 1 values of meta.r are no rates, such as " in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("recorded", [None, [], [None]])
def test_what_is_not_recorded_is_null_and_no_mistake(recorded, capsys):
    assert rate(recorded) == NOTHING
    assert capsys.readouterr().err == ""


def test_counts_do_not_pass_for_rates_where_they_are_small(capsys):
    recorded = 0, 1, 0.5, 12, "3/8", [True]
    rates = imported(*recorded)

    assert rates == [NOTHING] * 4 + [(0.375, 8, 3), (1.0, 1, 1)]
    error = capsys.readouterr().err
    assert "4 of 6 values of meta.r are no rates, such as 0 (test/00000)" in error
    assert "are they counts or percent? say `out_of`" in error
    assert [share for share, *_ in imported(0, 1, 12, out_of=16)] == [0, 1 / 16, 0.75]


def test_names_with_signs_and_dots_and_fields_of_fields():
    meta = {
        "avg@8_qwen2.5_7b": 0.25,
        "model_difficulty": {"DeepSeek-R1-Distill-Qwen-1.5B": 12},
    }
    rows = problems("a", meta=[json.dumps(meta)])

    def share(field: str, **options: Any) -> float | None:
        params = Params(not_sampled="keep", imported=[{"field": field} | options])
        grades = pl.DataFrame(schema=GRADE)
        return apply(lambda t: judge(t, params, grades), rows).kept["pass_rate"][0]

    assert share("avg@8_qwen2.5_7b") == 0.25
    skywork = "model_difficulty.DeepSeek-R1-Distill-Qwen-1.5B"
    assert share(skywork, out_of=16, sense="failure") == 0.25
    assert share("model_difficulty.other") is None
    assert share("model_difficulty", out_of=16) is None


def test_a_source_of_its_own_and_the_first_of_several_imports():
    rows = problems(
        "a", "b", source=["x", "y"], meta=['{"r": 0.25, "s": 0.5}', '{"r": 0.25}']
    )
    params = Params(
        not_sampled="keep",
        imported=[{"field": "s"}, {"field": "r", "source": "x"}],
    )
    kept = apply(lambda t: judge(t, params, pl.DataFrame(schema=GRADE)), rows).kept

    assert kept["pass_rate"].to_list() == [0.5, None]
    assert kept["rate_from"].to_list() == ["imported:s", None]


def test_what_was_sampled_here_wins():
    sampled = pl.DataFrame(
        {"id": ["test/00000"] * 2, "model": "m", "correct": [True, False]}
    )
    grades = pl.concat([pl.DataFrame(schema=GRADE), sampled], how="diagonal_relaxed")

    assert imported(0.25, "n/a", 0.75, grades=grades) == [
        (0.5, 2, 1), NOTHING, (0.75, 0, 0),
    ]  # fmt: skip


def test_out_of_nothing_is_a_mistake():
    with pytest.raises(ValidationError):
        Params(imported=[{"field": "r", "out_of": 0}])
