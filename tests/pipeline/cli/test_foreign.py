"""Other people's tables in a stand-alone filter: no value lost, no name in the way."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.__main__ import call
from pipeline.cli.foreign import read_frame
from pipeline.errors import UserError

PROBLEMS = [f"Find the sum of the first {n} odd primes." for n in ("ten", "six", "two")]


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def judged(table: Path, out: Path, *words: str) -> list[pl.DataFrame]:
    """The rows that `goldsieve filter` keeps and drops, in this process."""
    stage, *rest = words or ("dedup_exact",)
    line = ["filter", stage, str(table), *rest, "--out", str(out)]
    call(line)
    return [pl.read_parquet(out / f"{name}.parquet") for name in ("kept", "dropped")]


@pytest.mark.parametrize(
    ("answers", "texts"),
    [
        ([5, "7", 2.5], ["5", "7", "2.5"]),
        ([10**40, 1e23, 27.0], [str(10**40), "1e+23", "27"]),
        (["5", ["7"], ["8", "9"]], ["5", "7", '["8","9"]']),
        ([39.0, None, True], ["39", None, "True"]),
        ([[39.0], [], {"value": 7}], ["39", None, '{"value":7}']),
    ],
)
def test_answers_of_mixed_types_are_texts(tmp_path, answers, texts):
    rows = [{"problem": p, "answer": a} for p, a in zip(PROBLEMS, answers, strict=True)]
    kept, dropped = judged(write(tmp_path / "a.jsonl", rows), tmp_path / "out")

    assert kept["answer"].to_list() == texts
    assert dropped.is_empty()


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pl.Series(["1", "2", "1"], dtype=pl.Categorical), ["1", "2", "1"]),
        (pl.Series(["2024-01-31"] * 3).str.to_date(), ["2024-01-31"] * 3),
        (pl.Series(["1.50", "2.00", None]).cast(pl.Decimal(9, 2)), ["1.50", "2", None]),
        (pl.Series([["4"], ["4", "-4"], []]), ["4", '["4","-4"]', None]),
        (pl.Series([True, False, None]), ["True", "False", None]),
    ],
)
def test_answers_of_parquet_are_texts(tmp_path, column, texts):
    table = pl.DataFrame({"problem": PROBLEMS}).with_columns(answer=column)
    table.write_parquet(tmp_path / "a.parquet")
    kept, _ = judged(tmp_path / "a.parquet", tmp_path / "out")

    assert kept["answer"].to_list() == texts


@pytest.mark.parametrize(
    "values",
    [
        [2**53 + 1, 0.5, None],
        [[1], [2.5], []],
        [{"a": 1}, {"a": 2**53 + 1}, {"a": 0.5}],
        [[True], [1], None],
        [{"a": 1}, {"a": "x"}, {}],
        [[[]], [[1]], [["a"]]],
        [{}, {}, None],
        [{"a": [{}]}, {"a": []}, None],
    ],
)
def test_a_mixed_column_loses_no_value(tmp_path, values):
    rows = [{"problem": p, "x": v} for p, v in zip(PROBLEMS, values, strict=True)]
    table, _ = judged(write(tmp_path / "a.jsonl", rows), tmp_path / "out")
    read = table["x"].to_list()

    if table.schema["x"] == pl.String:
        read = [text and json.loads(text) for text in read]
    assert json.dumps(read).replace("1.0", "1") == json.dumps(values)


def test_what_objects_have_late_in_a_file_is_read(tmp_path):
    rows = [{"problem": "p", "x": [{"a": n}], "y": {"a": n}} for n in range(500)]
    rows[-1]["x"][0]["late"] = rows[-1]["y"]["late"] = "x"
    table, _ = read_frame(write(tmp_path / "a.jsonl", rows))

    assert table["y"].to_list()[-1] == {"a": 499, "late": "x"}
    assert table["x"].to_list()[-1] == [{"a": 499, "late": "x"}]
    assert table["y"].to_list()[0] == {"a": 0, "late": None}


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_answers_that_are_bytes_or_times_are_texts_in_every_format(tmp_path, kind):
    from pyarrow import ipc

    for column, texts in (
        (pa.array([b"4", b"\xff", None]), ["4", None]),
        (pa.array([2**30, 0, None], pa.date32()), ["<value out", "1970-01-01", None]),
        (pa.array([90, None, 0], pa.duration("s")), ["0:01:30", None, "0:00:00"]),
    ):
        table = pa.table({"problem": PROBLEMS, "answer": column})
        file = tmp_path / f"a.{kind}"
        if kind == "parquet":
            parquet.write_table(table, file)
        else:
            with ipc.new_file(file, table.schema) as writer:
                writer.write_table(table)
        rows, lost = read_frame(file)
        assert [text and text[:10] for text in rows["answer"]] == texts
        assert len(lost) == 3 - len(texts)


OTHERS = {
    "score": 0.9, "reason": "because", "twin": "t", "evidence": "e", "row": 0,
    "family": "fam", "overlap": 1, "flags": ["x"], "index": 3, "contamination": False,
    "n_chars": 3, "other_answers": "free text", "cluster": 1, "stage": "s", "key": "k",
    "mixed": [1], "_row": 1, "member": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [("dedup_exact",), ("dedup_ngram",), ("quality",), ("decontaminate",)]
)
def test_columns_of_any_name_pass_through(tmp_path, arguments):
    rows = [{"problem": p, "answer": "1"} | OTHERS for p in PROBLEMS]
    rows[1]["mixed"] = "text"
    table = write(tmp_path / "a.jsonl", rows)
    items = write(tmp_path / "b.jsonl", [{"problem": "What is 6 times 7?"}])
    more = [str(items)] if arguments == ("decontaminate",) else []
    kept, dropped = judged(table, tmp_path / "out", *arguments, *more)
    every = pl.concat([kept, dropped], how="diagonal_relaxed").sort("id")

    assert every.height == 3
    assert every["mixed"].to_list() == ["[1]", "text", "[1]"]
    for name, value in OTHERS.items():
        if name != "mixed":
            theirs = f"{name}_original" if f"{name}_original" in every else name
            assert every[theirs].to_list() == [value] * 3, name


ODD = {
    "*": 1, "^.*$": 2, "": 3, "a b": 4, "a.b": 5, "é": 6, "__index__": 7, "ledger": 8,
    "problem_key": 9, "verdict": 10, "score": 11, "score_original": 12, "key": 13,
    "key_original": 14, "id_original": 15, "n_chars": 16, "n_chars_original": 17,
}  # fmt: skip


@pytest.mark.parametrize("stage", ["dedup_exact", "quality"])
def test_columns_of_odd_names_pass_through(tmp_path, stage):
    rows = [{"problem": p, "answer": "1", "id": "same"} | ODD for p in PROBLEMS]
    kept, dropped = judged(write(tmp_path / "a.jsonl", rows), tmp_path / "out", stage)
    table = pl.concat([kept, dropped], how="diagonal_relaxed")

    assert table.height == 3
    values = {str(column[0]) for column in table if column.n_unique() == 1}
    assert {*map(str, ODD.values()), "same"} <= values


def test_a_table_without_problems_is_named_with_its_columns(tmp_path):
    file = write(tmp_path / "a.jsonl", [{"question": "1+1?"}])

    with pytest.raises(UserError, match=r"a.jsonl has no column 'problem'; it has que"):
        judged(file, tmp_path / "out")


def test_a_condition_sees_the_columns_that_it_names(tmp_path):
    rows = [{"problem": p, "stars": n} for n, p in enumerate(PROBLEMS)]
    table = write(tmp_path / "a.jsonl", rows)
    kept, dropped = judged(
        table, tmp_path / "out", "quality", "--set", "where=stars > 0"
    )

    assert (kept["stars"].to_list(), dropped["stars"].to_list()) == ([1, 2], [0])


def test_a_parquet_that_polars_cannot_read_is_read_row_by_row(tmp_path):
    texts = pa.array([PROBLEMS[0].encode(), b"\xff\xfe", PROBLEMS[2].encode()])
    table = pa.table({"problem": texts.view(pa.string()), "n": [1, 2, 3]})
    parquet.write_table(table, tmp_path / "a.parquet")
    rows, unreadable = read_frame(tmp_path / "a.parquet")

    assert rows["n"].to_list() == [1, 3]
    assert [row.row for row in unreadable] == [1]


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_a_file_that_is_no_parquet_is_a_mistake(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises(UserError, match="no row can be read: not a whole parquet file"):
        judged(tmp_path / "a.parquet", tmp_path / "out")


def test_a_category_that_is_no_text_costs_rows_and_ends_no_process(tmp_path, capfd):
    categories = pa.array(["green", "violet"] * 40).dictionary_encode()
    file = tmp_path / "a.parquet"
    table = pa.table({"problem": ["1+1?"] * 80, "kind": categories})
    parquet.write_table(table, file, compression="none")
    file.write_bytes(file.read_bytes().replace(b"violet", b"viol\xff\xfe"))
    rows, lost = read_frame(file)

    assert lost
    assert rows.height + len(lost) <= 80
    assert "panicked" not in capfd.readouterr().err
