"""Two runs, or two published sets, beside each other: what differs, and why."""

import json
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline.__main__ import call
from pipeline.cli.publish import publish
from pipeline.errors import UserError
from pipeline.pass_rates.interval import wilson
from pipeline.published.compare import compare, count_changes, explain_absence
from pipeline.published.figures import (
    _share_difference,
    list_figures,
)
from pipeline.published.side import JUDGED, LOST, ROWS, Side
from tests.support.project import SECTIONS, data_stages, run_in, run_stages

Sample = tuple[str, str, bool | None]  # problem, completion, verdict


def side(kept: str = "", lost: tuple = (), samples: tuple[Sample, ...] = ()) -> Side:
    """A set of rows named by letters; `lost` are (letter, stage, reason)."""
    rows = [{"key": name, "id": f"s/{name}", "source": "s"} for name in kept]
    gone = [
        {
            "key": name,
            "id": f"s/{name}",
            "source": "s",
            "stage": stage,
            "reason": reason,
        }
        for name, stage, reason in lost
    ]
    judged = [
        {"key": name, "id": f"s/{name}", "model": "m", "sample": number,
         "correct": verdict, "extracted": text, "n_tokens": 10, "finish_reason": "stop",
         "text": text}
        for number, (name, text, verdict) in enumerate(samples)
    ]  # fmt: skip
    schema = {**JUDGED, "text": pl.String}
    return Side(
        pl.DataFrame(rows, ROWS), pl.DataFrame(gone, LOST), pl.DataFrame(judged, schema)
    )


def test_a_row_of_one_set_alone_is_explained_by_the_ledger_of_the_other():
    a = side("xyz")
    b = side("x", lost=(("y", "difficulty", "too_easy"),))

    assert explain_absence(a, b).select("id", "stage", "reason").rows() == [
        ("s/y", "difficulty", "too_easy"),
        ("s/z", None, "not_collected"),
    ]
    assert explain_absence(b, a).is_empty()


def test_of_two_rows_with_one_text_the_one_that_got_furthest_says_why():
    b = side(lost=(("x", "dedup_exact", "exact_duplicate"), ("x", "verify", "key")))

    assert explain_absence(side("x"), b)["reason"].to_list() == ["key"]


def test_a_verdict_is_of_a_problem_and_a_text_whoever_wrote_it():
    a = side(samples=(("x", "2", True), ("x", "3", False), ("y", "2", True)))
    b = side(samples=(("y", "2", None), ("x", "3", True), ("x", "2", True)))
    comparison = compare(a, b)

    assert comparison.shared == 3
    assert count_changes(comparison.verdicts) == [
        ("wrong → right", 1, "s/x"), ("right → undecided", 1, "s/y"),
    ]  # fmt: skip


def test_a_share_of_rows_has_wilsons_interval():
    # (0.8 + 0.19207 ± 1.95996 √(0.016 + 0.009604)) / 1.384146
    assert wilson(0.8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert wilson(0, 10)[0] == pytest.approx(0, abs=1e-12)


def test_differences_are_of_the_same_problems_on_both_sides():
    # Rates of 0 and ½ become ½ and 1: every problem gains a half, whoever is drawn.
    before, after = {True: [True, False], False: [False, False]}, {}
    after = {True: [True, True], False: [True, False]}
    names = [chr(ord("a") + number) for number in range(20)]
    a, b = (
        side(
            samples=tuple(
                (name, f"{number}", verdict)
                for place, name in enumerate(names)
                for number, verdict in enumerate(verdicts[place % 2 == 0])
            )
        )
        for verdicts in (before, after)
    )
    rate = next(f for f in list_figures(a, b) if f.name == "mean pass rate")

    assert rate.a
    assert rate.b
    assert (rate.a[0], rate.b[0]) == (0.25, 0.75)
    assert rate.a[1][0] < 0.2 < 0.3 < rate.a[1][1]
    assert rate.difference
    assert [rate.difference[0], *rate.difference[1]] == pytest.approx([0.5] * 3)
    assert list_figures(a, b) == list_figures(a, b)


def test_what_a_side_has_nothing_for_is_left_out():
    empty = side()

    assert all(
        figure.a is figure.b is figure.difference is None
        for figure in list_figures(empty, empty)
    )


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """A run as it was published, and the project after another window of pass rates."""
    project = run_in(tmp_path / "project")
    with chdir(project):
        publish("me/set", dry_run=tmp_path / "before", public=False)
    recipe = SECTIONS | {"pass_rate_window": {"hi": 1.0}}
    (project / "params.yaml").write_text(yaml.safe_dump(recipe))
    names = [stage.name for stage in data_stages()]
    run_stages(project, names[names.index("difficulty") :])
    return tmp_path / "before", project


def test_a_published_set_and_a_run_are_compared(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    call(["compare", *map(str, runs), "--format", "json", "--out", str(tmp_path / "o")])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert report["kept"] == {"a": 2, "b": 3}
    assert report["collected"] == {"a": 6, "b": 6}
    assert report["only_a"] == []
    assert report["only_b"] == [["difficulty", "too_easy", 1, "a/00003"]]
    # Three problems with a right and a wrong text each, but "2+2?" has no wrong one.
    assert report["completions_in_both"] == 5
    assert report["verdicts"] == []
    assert report["settings"] == {"pass_rate_window.hi": [0.9, 1.0]}
    assert pl.read_parquet(tmp_path / "o/only_b.parquet")["id"].to_list() == ["a/00003"]


def test_the_difference_reads_as_sentences(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
):
    call(["compare", *map(str, runs)])
    report = capsys.readouterr().out

    assert f"a  {runs[0]}: 2 rows of 6 collected" in report
    assert "1  dropped by difficulty of a: too_easy, such as a/00003" in report
    assert "verdicts: 0 changed, of 5 different completions" in report
    assert "mean pass rate                 0.667 (0.500 to 1.000)" in report


def test_a_folder_without_a_set_says_what_to_name(tmp_path: Path):
    with pytest.raises(UserError, match="holds neither a project"):
        call(["compare", str(tmp_path), str(tmp_path)])


def test_the_difference_of_two_shares_has_newcombe_s_interval():
    # His example (a): 56 of 70 against 48 of 80, by method 10.
    difference = _share_difference((48, 80), (56, 70))

    assert difference is not None
    change, interval = difference
    assert change == pytest.approx(0.2)
    assert interval == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert _share_difference((0, 0), (1, 2)) is None
