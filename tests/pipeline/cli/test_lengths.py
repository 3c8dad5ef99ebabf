"""The command that counts lengths, on files of any columns and on a project."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from pipeline.cli.lengths import lengths
from pipeline.errors import UserError
from tests.pipeline.traces.test_lengths import words as words
from tests.support.rows import problems


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def count(tokenizer, *inputs: str, columns: tuple[str, ...] = (), **more) -> None:
    how = {"most": 100, "format": "csv"} | more
    lengths(list(inputs), columns=list(columns), tokenizer=tokenizer.name, **how)


def test_files_of_other_columns_are_sets(words, capsys: pytest.CaptureFixture):
    lines = [{"question": "one two", "out": ["a b c", "a"]}, {"question": "one"}]
    Path("x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    pl.DataFrame({"problem": ["a b c d"]}).write_parquet("y.parquet")
    count(words, "X=x.jsonl", "y.parquet", columns=("problem=question", "trace=out"))

    assert capsys.readouterr().out.splitlines() == [
        "set,kind,texts,counted,median,p90,max",
        "X,problem,2,2,2,2,2",
        "X,trace,2,2,3,3,3",
        "y,problem,1,1,4,4,4",
    ]


def test_a_file_of_many_parts_is_counted_as_one_and_says_how_far_it_is(
    words, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.cli.foreign.PART", 2)
    rows = [{"problem": "a b"}, {"problem": "a"}, {"problem": "a b"}, {"x": 1}]
    traces = [{"trace": ["a b c"]}, {"trace": ["a", "b"], "problem": ""}]
    Path("x.jsonl").write_text("\n".join(map(json.dumps, [*rows, *traces])) + "\n{x\n")
    count(words, "x.jsonl")
    shown = capsys.readouterr()

    assert shown.out.splitlines()[1:] == ["x,problem,2,2,2,2,2", "x,trace,3,3,1,3,3"]
    assert "counting tokens, texts: 5 of 5 (100%)" in shown.err
    assert "x.jsonl: 1 rows cannot be read; row 6: not JSON" in shown.err


def test_without_files_sources_and_their_samples_are_counted(
    words, capsys: pytest.CaptureFixture
):
    rows = problems("a b", "a b c", source=["s", "s"])
    tables.write(rows, Path("data/collect/s.parquet"))
    samples = pl.DataFrame({"id": ["test/00001"], "completion": ["a b c d e"]})
    tables.write(samples, Path("data/rollouts/00000.parquet"))
    count(words)

    assert capsys.readouterr().out.splitlines()[1:] == [
        "s,problem,2,2,3,3,3",
        "s,trace,1,1,5,5,5",
    ]


def test_the_picture_shows_every_set(words, tmp_path: Path):
    for name in "ab":
        pl.DataFrame({"problem": ["x y z", "x"]}).write_parquet(f"{name}.parquet")
    files = ["a.parquet", "b.parquet"]
    count(words, *files, out=Path("once"), format="table")
    count(words, *files, out=Path("twice"), format="json")

    drawn = Path("once/lengths.svg").read_text()
    assert ">a<" in drawn
    assert ">b<" in drawn
    bins = json.loads(Path("once/lengths.json").read_text())
    assert sum(row["texts"] for row in bins) == 4
    assert Path("twice/lengths.svg").read_text() == drawn


def test_mistakes_say_what_to_write(words):
    pl.DataFrame({"text": ["x"]}).write_parquet("x.parquet")
    with pytest.raises(UserError, match="neither problems nor traces; it has text"):
        count(words, "x.parquet")
    with pytest.raises(UserError, match="no source is collected yet"):
        count(words)
    with pytest.raises(UserError, match="at no commit"):
        lengths(["x.parquet"], columns=[], tokenizer="org/model", most=10)
