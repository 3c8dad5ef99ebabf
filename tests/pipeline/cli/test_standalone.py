"""`goldsieve filter … --out` on files that know nothing of this pipeline."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest


def goldsieve(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"},
    )


def lines(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_with_another_column_name_is_filtered(tmp_path: Path):
    file = lines(
        tmp_path / "mine.jsonl",
        {"question": "1+1?", "answer": "2", "note": [1, 2]},
        {"question": "1+1?", "answer": "2", "note": []},
    )
    done = goldsieve(
        "filter", "dedup_exact", file, "--column", "problem=question", "--out", "o",
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    kept = pl.read_parquet(tmp_path / "o/kept.parquet")
    dropped = pl.read_parquet(tmp_path / "o/dropped.parquet")
    assert kept["id"].to_list() == ["mine/00000"]
    assert kept["note"].to_list() == [[1, 2]]
    assert dropped["twin"].to_list() == ["mine/00000"]
    assert json.loads((tmp_path / "o/metrics.json").read_text()) == {
        "rows_in": 2,
        "rows_out": 1,
        "dropped": {"exact_duplicate": 1},
    }


def test_settings_are_given_on_the_command_line(tmp_path: Path):
    file = lines(
        tmp_path / "mine.jsonl",
        {"problem": "Tom buys 3 red apples at the old market in town today."},
        {"problem": "Note: Tom buys 3 red apples at the old market in town today."},
    )
    for threshold, kept in (("0.99", 2), ("0.7", 1)):
        done = goldsieve(
            "filter", "dedup_ngram", file, "--out", "o", "--set",
            f"threshold={threshold}", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert pl.read_parquet(tmp_path / "o/kept.parquet").height == kept


def test_conditions_see_what_the_file_says_of_its_rows(tmp_path: Path):
    file = lines(
        tmp_path / "mine.jsonl",
        {"problem": "What is 1+1?", "meta": {"level": 3}, "score": 0.9},
        {"problem": "What is 2+2?", "meta": {"level": 5}, "score": 0.2},
        {"problem": "What is 3+3?", "score": 0.7},
    )
    done = goldsieve(
        "filter", "quality", file, "--out", "o", "--set",
        "where={easy: meta.level > 3, low: score_original > 0.1}", cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    kept = pl.read_parquet(tmp_path / "o/kept.parquet")
    dropped = pl.read_parquet(tmp_path / "o/dropped.parquet")
    # `score` is how surely a row is dropped: the file's own has another name.
    assert kept.select("meta", "score_original").rows() == [('{"level":5}', 0.2)]
    assert dropped["reason"].to_list() == ["easy", "easy"]
    assert dropped["score_original"].to_list() == [0.9, 0.7]


def test_problems_without_answers_are_judged_by_their_text_alone(tmp_path: Path):
    file = lines(
        tmp_path / "mine.jsonl", {"problem": "1+1?"}, {"problem": "Prove that 1 < 2."}
    )
    done = goldsieve("filter", "quality", file, "--out", "o", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    dropped = pl.read_parquet(tmp_path / "o/dropped.parquet")
    assert dropped["reason"].to_list() == ["proof"]


def test_benchmarks_are_any_table_of_problems(tmp_path: Path):
    text = "Aya walks nine kilometers every morning and stops at a shop. How long?"
    rows = lines(tmp_path / "mine.jsonl", {"problem": text}, {"problem": "1+1?"})
    items = lines(tmp_path / "items.jsonl", {"problem": text, "answer": "204"})
    done = goldsieve("filter", "decontaminate", rows, items, "--out", "o", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    dropped = pl.read_parquet(tmp_path / "o/dropped.parquet")
    assert dropped["twin"].to_list() == ["items/00000"]


def test_unreadable_lines_are_reported_not_lost(tmp_path: Path):
    file = tmp_path / "mine.jsonl"
    file.write_bytes(
        b'{"problem": "1+1?"}\n{"problem": "caf\xff"}\n{oops\n{"problem": null}\n'
    )
    done = goldsieve("filter", "dedup_exact", file, "--out", "o", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "o/metrics.json").read_text())
    assert metrics["rows_in"] == 4
    assert metrics["rows_out"] == 1
    assert metrics["dropped"] == {"source_unreadable": 3}


def test_half_a_surrogate_pair_harms_no_row(tmp_path: Path):
    file = tmp_path / "mine.jsonl"
    lone = "\\ud800"
    file.write_text(
        f'{{"problem": "1+1? {lone}", "answer": "{lone}", "note": ["{lone}"]}}\n'
        f'{{"problem": "2+2?", "answer": "4", "note": []}}\n'
    )
    done = goldsieve("filter", "quality", file, "--out", "o", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "o/metrics.json").read_text())
    assert (metrics["rows_in"], metrics["rows_out"]) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["filter", "dedup_exact", "gone.jsonl", "--out", "o"], "gone.jsonl"),
        (["filter", "dedup_exat", "mine.jsonl", "--out", "o"], "dedup_exact"),
        (["filter", "dedup_exact", "mine.jsonl", "--out", "o"], "--column problem="),
        (
            ["filter", "dedup_ngram", "mine.jsonl", "--out", "o", "--set", "tresh=1"],
            "threshold",
        ),
        (
            ["filter", "decontaminate_traces", "mine.jsonl", "mine.jsonl",
             "--out", "o", "--column", "problem=question"],
            "give it what verify wrote, as dvc.yaml does",
        ),
        (
            ["filter", "dedup_ngram", "mine.jsonl", "--out", "o", "--set", "n"],
            "key=value",
        ),
        (
            ["filter", "dedup_exact", "mine.jsonl", "--out", "o", "--column",
             "problem=frage"],
            "question",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_two_lines(
    tmp_path: Path, arguments: list[str], message: str
):
    lines(tmp_path / "mine.jsonl", {"question": "1+1?"})
    done = goldsieve(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_benchmark_without_a_column_of_problems_is_a_mistake(tmp_path: Path):
    mine = lines(tmp_path / "mine.jsonl", {"problem": "1+1?"})
    exam = lines(tmp_path / "exam.jsonl", {"question": "1+1?"})
    done = goldsieve("filter", "decontaminate", mine, exam, "--out", "o", cwd=tmp_path)

    assert done.returncode == 2
    assert "exam has no column 'problem'; it has question" in done.stderr
    assert "--column problem=NAME" in done.stderr


def test_a_release_without_problems_is_a_mistake(tmp_path: Path):
    rows, release = tmp_path / "rows.parquet", tmp_path / "release.parquet"
    pl.DataFrame({"problem": ["What is 1 + 1?"]}).write_parquet(rows)
    pl.DataFrame({"id": ["a"], "question": ["What?"]}).write_parquet(release)
    done = goldsieve(
        "filter", "dedup_ngram", rows, "--against", release, "--out", "o", cwd=tmp_path
    )

    assert done.returncode == 2
    assert "release has no column 'problem'" in done.stderr
