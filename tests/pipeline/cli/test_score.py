"""`goldsieve score` on lines of every kind."""

import gzip
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipeline.cli import score
from pipeline.errors import UserError


def scored(tmp_path: Path, verifier: str, *lines: object) -> list[dict]:
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    texts = [
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    ]
    pairs.write_bytes(b"\n".join(texts) + b"\n")
    score.run(pairs, verifier=verifier, out=out)
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_lines_come_back_in_order_with_their_verdicts(tmp_path: Path):
    lines = [
        {"id": i, "gold": str(i), "prediction": rf"\boxed{{{i % 50}}}", "note": "kept"}
        for i in range(100)
    ]
    back = scored(tmp_path, "math", *lines)

    assert [line["id"] for line in back] == list(range(100))
    assert [line["correct"] for line in back] == [i < 50 for i in range(100)]
    assert {line["note"] for line in back} == {"kept"}


def test_a_line_that_cannot_be_read_is_undecided_and_says_why(tmp_path: Path):
    back = scored(
        tmp_path,
        "math",
        b"{oops",
        b'{"id": 1, "gold": "caf\xff"}',
        [1],
        {"id": 2, "gold": "1", "prediction": None},
        {"id": 3, "gold": ["1"], "prediction": "1"},
        {"id": 4, "gold": "1", "prediction": "1", "info": "x"},
        {"id": 5, "gold": None, "prediction": "1"},
        {"id": 6, "gold": 1, "prediction": "1"},
    )

    assert [line["correct"] for line in back] == [None] * 7 + [True]
    assert all(line["why"] for line in back)


def test_columns_of_our_names_stay_and_numbers_that_json_lacks_are_null(tmp_path: Path):
    line = {"gold": "1", "prediction": "1", "why": "mine", "why_original": 2}
    (back,) = scored(tmp_path, "exact", {**line, "x": [float("nan"), float("inf")]})

    assert (back["correct"], back["x"]) == (True, [None, None])
    assert (back["why_original"], back["why_original2"]) == (2, "mine")
    assert back["why"] != "mine"


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing")
def test_programs_are_scored_without_a_gold_answer(tmp_path: Path):
    info = {
        "type": "call",
        "fn_name": "twice",
        "tests": [{"input": [2], "output": 4}],
    }
    good = "```python\ndef twice(x): return 2 * x\n```"
    bad = "```python\ndef twice(x): return x\n```"
    back = scored(
        tmp_path,
        "code",
        {"id": 1, "gold": None, "prediction": good, "info": info},
        {"id": 2, "gold": None, "prediction": bad, "info": info},
        {"id": 3, "gold": None, "prediction": good, "info": {"type": "magic"}},
    )

    assert [line["correct"] for line in back] == [True, False, None]


def test_an_unknown_verifier_is_a_mistake(tmp_path: Path):
    with pytest.raises(UserError, match="no verifier is called 'maths'"):
        scored(tmp_path, "maths", {"id": 1})


def test_a_missing_file_is_a_mistake(tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        score.run(tmp_path / "gone.jsonl", verifier="math")


def test_a_line_that_is_impossible_leaves_the_others_their_verdicts(tmp_path: Path):
    deep, wide = "[" * 900 + "]" * 900, '"' + "9" * 5_000 + '"'
    right = b'{"id": 0, "gold": "1", "prediction": "1"}'
    impossible = [
        f'{{"id": 1, "gold": "1", "prediction": "1", "info": {{"x": {deep}}}}}',
        f'{{"id": 2, "gold": "1", "prediction": "2", "note": {deep}}}',
        f'{{"id": 3, "gold": {"9" * 25_000}, "prediction": "1"}}',
        f'{{"id": 4, "gold": "1", "prediction": "1", "info": {{"policy": {wide}}}}}',
        '{"id": 5, "gold": "1", "prediction": "1", "info": {"alternatives": 5}}',
        f'{{"id": 6, "gold": "1", "prediction": "{"x" * 2_000_001}"}}',
        "[" * 100_000,
    ]
    lines = [right, *(line.encode() for line in impossible), right]
    back = scored(tmp_path, "math", *lines)

    verdicts = [line["correct"] for line in back]
    assert verdicts == [True, None, False, *(5 * [None]), True]
    assert [line["id"] for line in back] == [0, 1, 2, None, 4, 5, 6, None, 0]
    assert back[5]["why"] == "verify_info.alternatives: expected a list, found 5"
    assert all(line["why"] for line in back)


def test_half_a_surrogate_pair_harms_no_line(tmp_path: Path):
    lone = '"\\ud800"'
    back = scored(
        tmp_path,
        "math",
        f'{{"id": {lone}, "gold": "1", "prediction": "1", {lone}: {lone}}}'.encode(),
        f'{{"id": 2, "gold": {lone}, "prediction": {lone}}}'.encode(),
        {"id": 3, "gold": "1", "prediction": "1"},
    )

    assert back[0]["id"] == back[0]["\ud800"] == "\ud800"
    assert [line["correct"] for line in back[::2]] == [True, True]


@pytest.mark.parametrize("name", ["pairs.parquet", "pairs.csv", "pairs.jsonl.gz"])
def test_pairs_are_read_from_any_file(tmp_path: Path, name: str):
    table = pl.DataFrame(
        {
            "id": ["a", "b"],
            "gold": ["12", "13"],
            "prediction": [r"\boxed{12}", r"\boxed{12}"],
            "info": ["{}", "{}"],
        }
    )
    pairs, out = tmp_path / name, tmp_path / "out.jsonl"
    match name.partition(".")[2]:
        case "parquet":
            table.write_parquet(pairs)
        case "csv":
            table.write_csv(pairs)
        case _:
            pairs.write_bytes(gzip.compress(table.write_ndjson().encode()))
    score.run(pairs, verifier="math", out=out)

    back = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(line["id"], line["correct"]) for line in back] == [
        ("a", True),
        ("b", False),
    ]


def test_a_file_that_is_cut_off_says_so_behind_its_whole_rows(tmp_path: Path):
    rows = [{"id": n, "gold": str(n), "prediction": str(n)} for n in range(9)]
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), 0)
    pairs, out = tmp_path / "pairs.jsonl.gz", tmp_path / "out.jsonl"
    pairs.write_bytes(whole[: len(whole) // 2])
    score.run(pairs, verifier="math", out=out)

    *judged, last = [json.loads(line) for line in out.read_text().splitlines()]
    assert judged
    assert all(line["correct"] for line in judged)
    assert "rows before this one are whole" in last["why"]
