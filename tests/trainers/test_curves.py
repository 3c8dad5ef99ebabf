"""The pictures of training and evaluation, and that there is none of nothing."""

import json
from pathlib import Path

import pytest

from pipeline.charts import Chart
from trainers.curves import curve, score_chart, write_chart


def test_a_run_leaves_its_steps_and_a_picture_of_them(tmp_path: Path):
    steps = [{"step": n, "reward": n / 20, "correct": 0.5} for n in range(1, 21)]
    numbers, plots = tmp_path / "numbers/grpo.json", tmp_path / "curves/grpo"
    write_chart(curve(steps, "reward"), numbers, plots)

    assert json.loads(numbers.read_text()) == steps
    text = (plots / "grpo.svg").read_text()
    for words in ("step of training", "mean of 10 steps", "reward", "correct"):
        assert f">{words}</" in text
    assert ">format</" not in text, "no step has it"


def test_a_mean_is_of_the_ten_steps_before_it():
    # Twenty steps 1, 2, … 20: the last mean is of 11 to 20.
    steps = [{"step": n, "loss": float(n)} for n in range(1, 21)]
    chart = curve(steps, "loss")
    assert chart.draw
    line = chart.draw(steps).axes[0].lines[1].get_ydata()

    assert [line[0], line[1], line[-1]] == [1.0, 1.5, 15.5]


@pytest.mark.parametrize(
    "chart",
    [Chart([]), curve([], "loss"), curve([{"step": 1, "loss": None}], "loss"),
     score_chart([])],
)  # fmt: skip
def test_nothing_has_numbers_and_no_picture(chart: Chart, tmp_path: Path):
    (tmp_path / "sft").mkdir()
    (tmp_path / "sft/sft.svg").write_text("of an older run")
    write_chart(chart, tmp_path / "sft.json", tmp_path / "sft")

    assert json.loads((tmp_path / "sft.json").read_text()) == chart.rows
    assert list((tmp_path / "sft").iterdir()) == []


def test_what_is_off_leaves_an_empty_folder_for_dvc(tmp_path: Path):
    write_chart(Chart([]), tmp_path / "dpo.json", tmp_path / "curves/dpo")

    assert list((tmp_path / "curves/dpo").iterdir()) == []


def test_scores_stand_on_one_scale_from_0_to_100():
    points = [
        {"model": model, "benchmark": benchmark, "pass@1": 0.5, "low": 0.4, "high": 0.6}
        for benchmark in ("a", "b")
        for model in ("base", "sft")
    ]
    chart = score_chart(points)
    assert chart.draw
    every = chart.draw(points).axes

    assert [axes.get_xlim() for axes in every] == [(0, 100)] * 2
    assert [axes.get_title(loc="left") for axes in every] == ["a", "b"]
    assert list(every[0].lines[0].get_xdata()) == [40, 60]
