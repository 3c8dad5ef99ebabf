"""Half a surrogate pair, anywhere in a row, harms nobody from reader to verdict."""

import csv
import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pipeline.grading.guarded import read_gold, verify
from pipeline.grading.workers import Answer, grader
from pipeline.readers import Unreadable, raw_rows
from pipeline.surrogates import is_text
from pipeline.verifiers import contract
from tests.stages.test_sources import EXAMPLES, paths
from tests.support.rows import collect, collect_with

HALF = "\ud800"
TEXTS = st.text(alphabet=["a", "1", '"', ",", "é", "😀", HALF, "\udc00", "\udcff"])
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["q", "a", f"k{HALF}"]), TEXTS), min_size=1
)


def jsonl(rows: list[dict[str, str]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def raw_jsonl(rows: list[dict[str, str]]) -> bytes:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return "\n".join(lines).encode(errors="surrogatepass")


def json_array(rows: list[dict[str, str]]) -> bytes:
    return json.dumps(rows).encode()


def raw_json_array(rows: list[dict[str, str]]) -> bytes:
    text = json.dumps(rows, ensure_ascii=False)
    return text.encode(errors="surrogatepass")


def comma_separated(rows: list[dict[str, str]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["question", "answer"])
    writer.writerows([row.get("q", "x"), row.get("a", "x")] for row in rows)
    return file.getvalue().encode(errors="surrogatepass")


def parquet_file(rows: list[dict[str, str]]) -> bytes:
    texts = [row.get("q", "x").encode(errors="surrogatepass") for row in rows]
    unchecked = pa.Array.from_buffers(pa.string(), len(rows), pa.array(texts).buffers())
    nested = pa.ListArray.from_arrays(list(range(len(rows) + 1)), unchecked)
    file = pa.BufferOutputStream()
    parquet.write_table(pa.table({"q": unchecked, "all": nested}), file)
    return file.getvalue().to_pybytes()


FORMATS = {
    "a.jsonl": jsonl,
    "b.jsonl": raw_jsonl,
    "c.json": json_array,
    "d.json": raw_json_array,
    "e.csv": comma_separated,
    "f.parquet": parquet_file,
}


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=40)
@given(rows=ROWS)
def test_a_reader_gives_every_row_as_text_or_as_unreadable(
    tmp_path_factory: pytest.TempPathFactory, name: str, rows: list[dict[str, str]]
):
    path: Path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(FORMATS[name](rows))
    read = list(raw_rows(path))

    assert len(read) == len(rows)
    for given_row, row in zip(rows, read, strict=True):
        if isinstance(row, Unreadable):
            assert is_text(row.detail + row.excerpt)
            assert not all(is_text(k + v) for k, v in given_row.items())
        else:
            assert is_text(json.dumps(row, ensure_ascii=False))


def broken_rows(row: dict[str, Any]) -> list[dict[str, Any]]:
    """`row` with half a pair at the end of each of its texts, and inside its JSON."""
    rows = []
    for path in paths(row):
        broken = deepcopy(row)
        part = broken
        for step in path[:-1]:
            part = part[step]
        text = part[path[-1]]
        if isinstance(text, str):
            for spoilt in (text + HALF, text.replace(': "', ': "\\ud800')):
                part[path[-1]] = spoilt
                rows.append(deepcopy(broken))
    return rows


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_adapter_gives_rows_that_can_be_written(name: str):
    rows = broken_rows(EXAMPLES[name][0])
    outcome = collect(name, *rows)

    assert outcome.kept.height + outcome.dropped.height == len(rows)
    for table in (outcome.kept, outcome.dropped):
        table.write_parquet(io.BytesIO())
    for info in outcome.kept["verify_info"]:
        assert is_text(json.dumps(json.loads(info), ensure_ascii=False))


IN_PROCESS = {*contract.verifier_names()} - {"code", "judge"}
INFO = st.sampled_from(
    [
        {},
        {"note": HALF},
        {HALF: "x"},
        {"choices": ["a", f"b{HALF}"]},
        {"task": "countdown", "numbers": [1, 2], "target": 3, "note": HALF},
        {"type": "stdio", "tests": [{"input": HALF, "output": f"é{HALF}"}]},
    ]
)


@pytest.mark.parametrize(
    "verifier", sorted({*contract.verifier_names()} - {"code", "judge"})
)
@settings(deadline=None, max_examples=30)
@given(gold=st.none() | TEXTS, reply=TEXTS, info=INFO)
def test_a_verifier_says_something_that_can_be_written(
    verifier: str, gold: str | None, reply: str, info: dict[str, Any]
):
    answer = Answer(verifier, gold, json.dumps(info), rf"\boxed{{{reply}}}")
    verdict = verify(*answer[:4])

    assert is_text(f"{verdict.extracted}{verdict.why}")
    assert is_text(read_gold(verifier, gold, json.dumps(info))[0] or "")


def test_a_program_whose_tests_hold_half_a_pair_has_a_verdict():
    tests = [{"input": HALF, "output": f"é{HALF}"}]
    info = json.dumps({"type": "stdio", "tests": tests})
    echo = "```python\nprint('é' + input())\n```"
    lone = "```python\nprint('é\\ufffd', end='')  # \ud800\n```"
    with grader(timeout_s=60) as grade:
        verdicts = grade([Answer("code", None, info, text) for text in (echo, lone)])

    assert [verdict.correct for verdict in verdicts] == [True, True]
    columns = pl.DataFrame({"why": [verdict.why for verdict in verdicts]})
    assert columns["why"].null_count() == 0


def test_half_a_pair_in_what_is_kept_or_recorded_becomes_a_mark(tmp_path: Path):
    half, deep = r"x\ud800", "[" * 900 + "]" * 900
    inner = f'{{"q": "{half}", "deep": {deep}}}'
    rows = [
        {"problem": "1+1?", "answer": "2", "inner": f'{{"q": "{half}"}}'},
        {"problem": "2+2?", "answer": "4", "inner": inner},
    ]
    (tmp_path / "b.json").write_text(f'{{"0": "{half}"}}')
    recorded = {"r": {"path": str(tmp_path / "b.json")}}
    options = {"adapter": "generic", "keep": {"q": "inner.q"}, "recorded": recorded}

    assert [json.loads(m) for m in collect_with(options, *rows).kept["meta"]] == [
        {"q": "x\ufffd", "r": "x\ufffd"},
        {},
    ]
