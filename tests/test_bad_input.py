"""What people get wrong, from the command line: each is told, none is a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).parent.parent
COLLECT = """\
collect:
  mine:
    adapter: {adapter}
    path: {path}
"""


def goldsieve(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
    )


def collected(folder: Path, name: str, content: bytes, adapter: str = "generic"):
    """Collect a file of `content`; the process, kept rows and dropped rows."""
    (folder / name).write_bytes(content)
    recipe = COLLECT.format(adapter=adapter, path=name)
    (folder / "params.yaml").write_text(recipe)
    done = goldsieve(folder, "make", "collect.mine")
    kept = pl.read_parquet(folder / "data/collect/mine.parquet")
    return done, kept, pl.read_parquet(folder / "data/dropped/collect/mine.parquet")


def row(**fields: object) -> bytes:
    return json.dumps({"problem": "1+1?", "answer": "2"} | fields).encode()


@pytest.mark.parametrize(
    ("name", "content", "kept", "detail"),
    [
        ("a.jsonl", b"", 0, "empty"),
        ("a.json", b"", 0, "empty"),
        ("a.csv", b"", 0, "empty"),
        ("a.parquet", b"", 0, "parquet"),
        ("a.parquet", b"PAR1 is not enough", 0, "parquet"),
        ("a.jsonl", row() + b"\n{cut", 1, "JSON"),
        ("a.jsonl", row() + b'\n{"problem": "caf\xff"}', 1, "UTF-8"),
        ("a.json", b"[" + row() + b", " + row()[:20], 1, "truncated"),
        ("a.jsonl", row(problem=None), 0, "problem"),
        ("a.jsonl", row(problem=["1", "2"]), 0, "problem"),
        ("a.jsonl", row(answer={"a": 1}), 0, "answer"),
        ("a.jsonl", b'{"question": "1+1?", "answer": "2"}', 0, "problem"),
        ("a.csv", b"problem,answer\n1+1?,2\n1+1?,2,3\n", 1, "columns"),
        ("a.jsonl.gz", b"not gzip", 0, "broken"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_rest_is_read(
    tmp_path: Path, name: str, content: bytes, kept: int, detail: str
):
    done, good, bad = collected(tmp_path, name, content)

    # A source that gives nothing at all is an error; its rows are told apart anyway.
    assert done.returncode == (0 if kept else 2), done.stderr
    assert kept or f"collect.mine keeps none of {bad.height} rows" in done.stderr
    assert good.height == kept
    assert bad["reason"].to_list() == ["source_unreadable"]
    assert detail in json.loads(bad["evidence"][0])["detail"]


def test_a_row_of_ten_megabytes_goes_through(tmp_path: Path):
    content = row(problem="x" * 10_000_000) + b"\n" + row()
    done, good, bad = collected(tmp_path, "a.jsonl", content)

    assert done.returncode == 0, done.stderr
    assert good.height == 2
    assert bad.height == 0


def test_duplicate_ids_are_dropped_by_the_pool(tmp_path: Path):
    done, good, _ = collected(tmp_path, "a.jsonl", row() + b"\n" + row())
    twice = pl.concat([good, good])
    twice.write_parquet(tmp_path / "data/collect/mine.parquet")
    with (tmp_path / "params.yaml").open("a") as file:
        file.write("pool: {order: [mine]}\n")
    done = goldsieve(tmp_path, "make", "pool", "data/collect")

    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "data_cards/metrics/pool.json").read_text())
    assert metrics == {"rows_in": 4, "rows_out": 2, "dropped": {"duplicate_id": 2}}


@pytest.mark.parametrize(
    ("params", "arguments", "message"),
    [
        ("quality: {max_char: 3}", ["filter", "quality", "x"], "params.yaml:1"),
        ("quality: {max_chars: many}", ["filter", "quality", "x"], "'many'"),
        ("quality: {}", ["filter", "quality", "data/gone.parquet"], "gone.parquet"),
        ("quality: {}", ["filter", "dedup_ngram", "x"], "no section 'dedup_ngram'"),
        ("quality: {}", ["filter", "dedupe", "x"], "dedup_exact"),
        ("quality: {}", ["make", "quality"], "not a maker"),
        ("pool: {order: [a]}", ["filter", "pool", "x"], "not a filter"),
        ("collect: {a: {adapter: gsm, path: x}}", ["make", "collect.a"], "gsm8k"),
        ("collect: {a: {adapter: gsm8k}}", ["make", "collect.a"], "path"),
        ("decontaminate: {}", ["filter", "decontaminate", "x"], "takes 2 to 3 inputs"),
        ("pool: {order: [a]}", ["make", "pool"], "in order: folder"),
        ("collect: {a: {adapter: math, path: no.x}}", ["make", "collect.a"], "no.x"),
        ("collect: {a: {adapter: math, path: $NO/x}}", ["make", "collect.a"], "NO"),
        ("collect: {a: {adapter: gsm8k, repo: openai/gsm8k}}", ["make", "collect.a"],
         "revision"),
        ("collect: {b: {}}", ["make", "collect.a"], "collect has no 'a'"),
        ("model: {kind: tiny}", ["make", "model"], "--out"),
        ("[", ["filter", "quality", "x"], "YAML"),
        ("", ["recipe", "show", "nothing"], "nothing"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_without_a_traceback(
    tmp_path: Path, params: str, arguments: list[str], message: str
):
    (tmp_path / "params.yaml").write_text(params)
    (tmp_path / "x.jsonl").write_bytes(row())
    (tmp_path / "recipes").mkdir()
    pl.DataFrame({"id": ["a"]}).write_parquet(tmp_path / "x")
    done = goldsieve(tmp_path, *arguments)

    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_check_finds_a_typo_before_anything_runs(tmp_path: Path):
    recipe = (HERE / "recipes/demo.yaml").read_text()
    (tmp_path / "dvc.yaml").write_text((HERE / "dvc.yaml").read_text())
    (tmp_path / "stages").symlink_to(HERE / "stages")
    (tmp_path / "params.yaml").write_text(recipe)
    assert goldsieve(tmp_path, "check").returncode == 0

    (tmp_path / "params.yaml").write_text(recipe.replace("hi: 0.95", "high: 0.95"))
    done = goldsieve(tmp_path, "check")
    assert done.returncode == 2
    assert done.stderr.count("pass_rate_window.high") == 1, "told once, though shared"

    (tmp_path / "params.yaml").write_text(
        recipe.replace("order: [handwritten, ", "order: [")
    )
    done = goldsieve(tmp_path, "check")
    assert done.returncode == 2
    assert "handwritten is collected" in done.stderr
