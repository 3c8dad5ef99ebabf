"""What the card says of the samples, on tables whose answers can be counted by hand."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.filter import apply
from pipeline.schema import GRADE, PROBLEM, conform
from stages.card import pictures, plots, sampled
from stages.difficulty import Params, judge

WINDOW = {"lo": 0.1, "hi": 0.9}


def problems(*told: tuple[str, str, str, list[bool]]) -> dict[str, pl.DataFrame]:
    """Tables of problems of (id, source, domain, verdicts), a token for each sample."""
    rows = [(name, name, source, domain) for name, source, domain, _ in told]
    schema = dict.fromkeys(("id", "key", "source", "domain"), pl.String)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    grades = [
        {"id": name, "sample": number, "model": "m", "correct": verdict,
         "n_tokens": number + 1, "finish_reason": "stop"}
        for name, _, _, verdicts in told
        for number, verdict in enumerate(verdicts)
    ]  # fmt: skip
    graded = pl.DataFrame(grades) if grades else GRADE.to_frame()
    return {
        "rows": conform(table, PROBLEM),
        "grades": conform(graded, GRADE).select(GRADE.names()),
    }


def gathered(made: dict[str, pl.DataFrame], **window: Any) -> dict[str, Any]:
    """The card's facts after `difficulty`."""
    rows, grades = made["rows"], made["grades"]
    params = Params(pass_rate_window=WINDOW | window)
    outcome = apply(lambda rows: judge(rows, params, grades), rows)
    rated = pl.concat([outcome.kept, outcome.dropped], how="diagonal")
    return sampled.gather(rated, grades, outcome.kept)


def half(count: int) -> list[bool]:
    return [number % 2 == 0 for number in range(count)]


def test_rates_are_told_by_source_and_by_domain():
    told = gathered(
        problems(
            ("a/0", "a", "math", half(4)),
            ("a/1", "a", "code", [True] * 4),
            ("b/0", "b", "math", [False] * 4),
        )
    )["difficulty"]

    by_source = {one["name"]: one for one in told["by"]["source"]}
    assert list(by_source) == ["a", "b"]  # those with most problems first
    assert by_source["a"]["before"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert by_source["a"]["after"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert sum(by_source["b"]["after"]) == 0
    math, code = told["by"]["domain"]
    assert (math["name"], sum(math["before"]), sum(math["after"])) == ("math", 2, 1)
    assert (code["name"], sum(code["before"]), sum(code["after"])) == ("code", 1, 0)


def test_groups_add_up_to_the_whole_where_they_are_many():
    rows = [(f"s{i}/0", f"s{i:02d}", "math", half(2)) for i in range(30)]
    told = gathered(problems(*rows, ("s0/1", "s07", "math", half(2))))["difficulty"]

    groups = told["by"]["source"]
    assert len(groups) == sampled.GROUPS
    assert (groups[0]["name"], groups[-1]["name"]) == ("s07", sampled.OTHERS)
    assert sum(sum(one["before"]) for one in groups) == sum(told["before"]) == 31


def test_a_rate_that_is_written_as_an_edge_lies_above_it():
    tenths = pl.Series([number / 10 for number in range(11)])

    assert sampled._bin(tenths).to_list() == [*range(10), 9]


def test_imported_rates_count_where_nothing_was_sampled():
    made = problems(("a/0", "a", "math", []))
    made["rows"] = made["rows"].with_columns(meta=pl.lit('{"rate": 0.5}'))

    told = gathered(made, imported=[{"field": "rate"}])

    assert told["difficulty"]["before"][5] == 1
    assert told["spent"]["total"] == 0
    assert told["lengths"] == []
    assert told["truncated"] == []


def test_rates_are_those_of_the_samples_where_difficulty_is_off():
    made = problems(("a/0", "a", "math", half(4)))
    rl = made["rows"].with_columns(pass_rate=pl.lit(None, pl.Float64))

    told = sampled.gather(made["rows"], made["grades"], rl)

    assert told["difficulty"]["before"][5] == 1
    assert told["spent"]["total"] == 0


def test_samples_are_told_by_pass_rate():
    spent = gathered(
        problems(
            ("a/0", "a", "math", half(16)),
            ("a/1", "a", "math", half(8)),
            ("a/2", "a", "math", [True] * 3),
        )
    )["spent"]

    assert (spent["total"], spent["problems"], spent["mean"]) == (27, 3, 9.0)
    assert spent["bins"][5] == 12
    assert spent["bins"][9] == 3
    assert spent["bins"][0] is None


def test_only_the_models_that_decide_are_counted():
    made = problems(("a/0", "a", "math", half(4)))
    other = made["grades"].with_columns(model=pl.lit("weak"))
    made["grades"] = pl.concat([made["grades"], other])

    assert gathered(made)["spent"]["total"] == 8
    assert gathered(made, models=["weak"])["spent"]["total"] == 4


def test_lengths_of_right_and_wrong_samples():
    made = problems(("a/0", "a", "math", [True, False, True, False]))
    told = gathered(made)

    assert [(one["which"], one["q"]) for one in told["lengths"]] == [
        ("right", [1, 3, 3]),
        ("wrong", [2, 4, 4]),
    ]
    spread = told["spread"]
    assert sum(spread["right"]) == sum(spread["wrong"]) == 2
    assert len(spread["edges"]) == len(spread["right"]) + 1
    assert spread["edges"][0] == 1
    assert spread["edges"][-1] == 5
    assert told["lengths_by_rate"]["right"][5] == 2.0
    assert told["lengths_by_rate"]["wrong"][5] == 3.0


def test_truncation_is_told_by_source():
    made = problems(
        ("a/0", "a", "math", [True, False, False]), ("b/0", "b", "math", [True] * 2)
    )
    ends = ["length", "length", "stop", "prompt_too_long", None]
    made["grades"] = made["grades"].with_columns(finish_reason=pl.Series(ends))

    assert gathered(made)["truncated"] == [
        {"source": "a", "samples": 3, "cut": 2, "cut_right": 1, "no_room": 0},
        {"source": "b", "samples": 1, "cut": 0, "cut_right": 0, "no_room": 1},
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("a/0", "a", "math", [True])],
        [(f"{i}/0", str(i), "math", half(5 * i + 2)) for i in range(14)],
    ],
)
def test_every_picture_can_be_drawn(rows: list[Any], tmp_path: Path):
    told = gathered(problems(*rows))
    told |= {"funnel": [{"stage": "pool", "rows_in": 1, "rows_out": 1}], "reasons": []}

    plots.write(tmp_path, told)

    assert len(list(tmp_path.glob("*.svg"))) == 7
    by_source = json.loads((tmp_path / "pass_rate_by_source.json").read_text())
    assert sum(row["before"] for row in by_source) == len(rows)


def test_a_tick_of_tokens_is_short():
    assert [pictures._short(n) for n in (512, 1024, 32768)] == ["512", "1k", "32k"]
