"""What the card says of the samples, on tables whose answers can be counted by hand."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.charts import Chart, write_numbers, write_pictures
from pipeline.filter import apply
from pipeline.schema import GRADE, PROBLEM, conform
from pipeline.shards import as_shards
from stages.card import lengths, lineage, rates
from stages.card.facts import describe_samples
from stages.difficulty import Params, judge

WINDOW = {"lo": 0.1, "hi": 0.9}


def problems(*described: tuple[str, str, str, list[bool]]) -> dict[str, pl.DataFrame]:
    """Tables of problems of (id, source, domain, verdicts), a token for each sample."""
    rows = [(name, name, source, domain) for name, source, domain, _ in described]
    schema = dict.fromkeys(("id", "key", "source", "domain"), pl.String)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    grades = [
        {"id": name, "sample": number, "model": "m", "correct": verdict,
         "n_tokens": number + 1, "finish_reason": "stop"}
        for name, _, _, verdicts in described
        for number, verdict in enumerate(verdicts)
    ]  # fmt: skip
    graded = pl.DataFrame(grades) if grades else GRADE.to_frame()
    return {
        "rows": conform(table, PROBLEM),
        "grades": conform(graded, GRADE).select(GRADE.names()),
    }


def describe(
    tables: dict[str, pl.DataFrame], imported: tuple = (), **window: Any
) -> tuple[dict[str, Any], dict[str, Chart]]:
    """The card's facts and charts after `difficulty`."""
    rows, grades = tables["rows"], tables["grades"]
    params = Params(pass_rate_window=WINDOW | window, imported=imported)
    outcome = apply(lambda rows: judge(rows, params, grades), rows)
    rated = pl.concat([outcome.kept, outcome.dropped], how="diagonal")
    return describe_samples(rated, as_shards(grades), outcome.kept)


def half(count: int) -> list[bool]:
    return [number % 2 == 0 for number in range(count)]


def counts(charts: dict[str, Chart], chart: str, column: str, **where: str) -> list:
    """A column of the rows of a chart, of those with the values in `where`."""
    rows = charts[chart].rows
    return [row[column] for row in rows if where.items() <= row.items()]


def test_rates_are_counted_by_source_and_by_domain():
    _, charts = describe(
        problems(
            ("a/0", "a", "math", half(4)),
            ("a/1", "a", "code", [True] * 4),
            ("b/0", "b", "math", [False] * 4),
        )
    )

    by_source, by_domain = "pass_rate_by_source", "pass_rate_by_domain"
    sources = [row["source"] for row in charts[by_source].rows]
    assert list(dict.fromkeys(sources)) == ["a", "b"]  # those with most problems first
    before = counts(charts, by_source, "before", source="a")
    assert before == [0, 0, 1, 0, 1]
    after = counts(charts, by_source, "after", source="a")
    assert after == [0, 0, 1, 0, 0]
    assert sum(counts(charts, by_source, "after", source="b")) == 0
    assert sum(counts(charts, by_domain, "before", domain="math")) == 2
    assert sum(counts(charts, by_domain, "after", domain="math")) == 1
    assert sum(counts(charts, by_domain, "before", domain="code")) == 1
    assert sum(counts(charts, by_domain, "after", domain="code")) == 0


def test_eight_samples_have_nine_bars_and_each_of_them_a_rate():
    verdicts = [[True] * right + [False] * (8 - right) for right in range(9)]
    tables = problems(*((f"a/{n}", "a", "math", v) for n, v in enumerate(verdicts)))
    _, charts = describe(tables)

    labels = counts(charts, "pass_rate", "pass_rate")
    assert labels == [f"{right}/8" for right in range(9)]
    assert counts(charts, "pass_rate", "before") == [1] * 9


def test_many_samples_share_bars_and_never_and_always_have_their_own():
    bars = rates.Bars(k=32, step=2)
    right = pl.Series([0, 1, 2, 3, 30, 31, 32])

    assert bars.labels[:3] == ["0/32", "1–2/32", "3–4/32"]
    assert bars.labels[-3:] == ["29–30/32", "31/32", "32/32"]
    assert bars.place(right / 32).to_list() == [0, 1, 1, 2, 15, 16, 17]


def test_a_rate_of_other_samples_counts_at_the_nearest_bar_that_is_no_end():
    # Of 16 samples 1 is half an eighth, and 5 are two and a half; 15 are not all.
    places = rates.Bars(k=8, step=1).place(pl.Series([0, 1, 5, 15, 16]) / 16)

    assert places.to_list() == [0, 1, 3, 7, 8]


def test_the_bars_are_of_the_samples_that_most_problems_have():
    most = [("a/0", "a", "math", half(4)), ("a/1", "a", "math", half(4))]
    _, charts = describe(problems(*most, ("a/2", "a", "math", half(16))))

    assert counts(charts, "pass_rate", "pass_rate")[-1] == "4/4"


def test_imported_rates_count_where_nothing_was_sampled():
    tables = problems(("a/0", "a", "math", []))
    tables["rows"] = tables["rows"].with_columns(meta=pl.lit('{"rate": 0.5}'))

    facts, charts = describe(tables, imported=({"field": "rate"},))

    assert counts(charts, "pass_rate", "before")[5] == 1
    assert sum(counts(charts, "pass_rate", "samples")) == 0
    assert facts["lengths"] == []
    assert charts["truncated"].rows == []


def test_rates_are_those_of_the_samples_where_difficulty_is_off():
    tables = problems(("a/0", "a", "math", half(4)))
    rated = tables["rows"].with_columns(
        pass_rate=pl.lit(None, pl.Float64), n_samples=pl.lit(None, pl.UInt32)
    )

    _, charts = describe_samples(rated, as_shards(tables["grades"]), rated)

    assert counts(charts, "pass_rate", "before") == [0, 0, 1, 0, 0]
    assert counts(charts, "pass_rate", "after") == [0, 0, 1, 0, 0]
    assert counts(charts, "pass_rate", "samples") == [0, 0, 4, 0, 0]


def test_samples_are_counted_by_pass_rate():
    _, charts = describe(
        problems(
            ("a/0", "a", "math", half(16)),
            ("a/1", "a", "math", half(8)),
            ("a/2", "a", "math", [True] * 3),
        )
    )

    samples = counts(charts, "pass_rate", "samples")
    # Three numbers of samples are as frequent, and the largest counts.
    assert (samples[8], samples[16], sum(samples)) == (24, 3, 27)


def test_only_the_models_that_decide_are_counted():
    tables = problems(("a/0", "a", "math", half(4)))
    other = tables["grades"].with_columns(model=pl.lit("weak"))
    tables["grades"] = pl.concat([tables["grades"], other])

    assert sum(counts(describe(tables)[1], "pass_rate", "samples")) == 8
    weak = describe(tables, models=["weak"])[1]
    assert sum(counts(weak, "pass_rate", "samples")) == 4


def test_lengths_of_right_and_wrong_samples():
    tables = problems(("a/0", "a", "math", [True, False, True, False]))
    facts, charts = describe(tables)

    assert {row["which"]: row["q"] for row in facts["lengths"]} == {
        "right": [1, 3, 3],
        "wrong": [2, 4, 4],
    }
    for verdict in ("right", "wrong"):
        assert sum(counts(charts, "length", "samples", verdict=verdict)) == 2
        assert counts(charts, "length", "tokens", verdict=verdict) == [1, 2, 3, 4]


def test_truncation_is_counted_by_source():
    tables = problems(
        ("a/0", "a", "math", [True, False, False]), ("b/0", "b", "math", [True] * 2)
    )
    ends = ["length", "length", "stop", "prompt_too_long", None]
    tables["grades"] = tables["grades"].with_columns(finish_reason=pl.Series(ends))

    a, b = describe(tables)[1]["truncated"].rows
    assert a == {
        "source": "a", "samples": 3, "cut": 2, "cut_right": 1, "no_room": 0,
        "rate": pytest.approx(2 / 3),
    }  # fmt: skip
    assert b == {
        "source": "b", "samples": 1, "cut": 0, "cut_right": 0, "no_room": 1, "rate": 0,
    }  # fmt: skip


def test_no_tick_of_an_axis_stands_beyond_the_longest_bar():
    rows = [
        {"source": "a", "samples": 4, "cut": 4, "cut_right": 1, "rate": 1.0},
        {"source": "b", "samples": 9, "cut": 0, "cut_right": 0, "rate": 0.0},
    ]
    (axes,) = lengths._draw_truncated(rows).axes

    assert axes.get_xticks().tolist() == [0, 20, 40, 60, 80, 100]


MANY = [(f"{i}/0", str(i), "math", half(5 * i + 2)) for i in range(14)]


@pytest.mark.parametrize(
    ("rows", "pictures"),
    [
        ([], []),
        ([("a/0", "a", "math", [True])], ["length", "pass_rate"]),
        # All are of one domain, and none was cut.
        (MANY, ["length", "pass_rate", "pass_rate_by_source"]),
    ],
)
def test_a_picture_is_there_where_it_shows_something(
    rows: list[Any], pictures: list[str], tmp_path: Path
):
    (tmp_path / "length.svg").write_text("of an older run")
    _, charts = describe(problems(*rows))
    write_numbers(tmp_path, charts)
    write_pictures(tmp_path, charts)

    assert sorted(file.stem for file in tmp_path.glob("*.svg")) == pictures
    assert "older" not in "".join(map(Path.read_text, tmp_path.glob("*.svg")))
    by_source = json.loads((tmp_path / "pass_rate_by_source.json").read_text())
    assert sum(row["before"] for row in by_source) == len(rows)


def test_pictures_of_pass_rates_say_what_bars_and_axes_are(tmp_path: Path):
    _, charts = describe(problems(*MANY))
    write_pictures(tmp_path, charts)

    text = (tmp_path / "pass_rate_by_source.svg").read_text()
    for words in (
        "right samples of 67", "% of its problems", "exported", "sampled, not exported",
    ):  # fmt: skip
        assert f">{words}</text>" in text


def test_every_model_is_named_with_the_pass_it_was_sampled_in():
    tables = problems(("a", "s", "math", half(4)), ("b", "s", "math", half(2)))
    first = tables["grades"].with_columns(pl.lit("weak").alias("pass"))
    second = first.filter(id="b").with_columns(
        pl.lit("strong").alias("pass"), model=pl.lit("n")
    )
    facts, _ = describe(tables | {"grades": pl.concat([first, second])})

    solved = {"rate": 0.5, "never": 0, "always": 0}
    assert facts["models"] == [
        {"pass": "weak", "model": "m", "problems": 2, "samples": 6}
        | {"right": 3, "undecided": 0, **solved},
        {"pass": "strong", "model": "n", "problems": 1, "samples": 2}
        | {"right": 1, "undecided": 0, **solved},
    ]


@pytest.mark.parametrize(
    ("share", "wide", "narrow"),
    [(1.0, "100.0%", "100"), (0.251, "25.1%", "25"), (0.0951, "9.5%", "10"),
     (0.0949, "9.5%", "9.5"), (0.001, "0.1%", "0.1"), (0.0009, "<0.1%", "<.1")],
)  # fmt: skip
def test_shares_are_short_where_cells_are_narrow(share: float, wide: str, narrow: str):
    assert lineage.write_share(share, is_narrow=False) == wide
    assert lineage.write_share(share, is_narrow=True) == narrow
