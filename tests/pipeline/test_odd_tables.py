"""Tables as people export them: titles, trailing commas, odd names, wrong endings."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import datasets
import polars as pl
import pyarrow as pa
import pytest
import zstandard
from pyarrow import ipc, parquet

from pipeline.cli.foreign import find_column, read_frame
from pipeline.errors import UserError
from pipeline.readers import Unreadable, raw_rows, refuse

ROWS = [{"q": "1+1?", "a": "2"}, {"q": "é² ≤ ?", "a": "3"}, {"q": "7", "a": "8"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
CSV = "q,a\n1+1?,2\né² ≤ ?,3\n7,8\n"
TAB = CSV.replace(",", "\t")


def read(folder: Path, name: str, content: str | bytes) -> list:
    content = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(content)
    return list(raw_rows(folder / name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", LINES),
        ("a.jsonl.bak", LINES),
        ("a", LINES),
        ("a.gz", gzip.compress(LINES.encode())),
        ("a.csv", LINES),
        ("a.csv", json.dumps(ROWS, indent=1)),
        ("a.parquet", LINES),
        ("a.txt", TAB),
        ("a.txt", TAB.encode("utf-16")),  # as Excel calls Unicode text
        ("a.tab", TAB),
        ("a.psv", CSV.replace(",", "|")),
    ],
)
def test_what_a_text_is_its_content_says_where_the_name_does_not(
    tmp_path, name, content
):
    assert read(tmp_path, name, content) == ROWS


@pytest.mark.parametrize("text", ["Lorem ipsum, and so on.\nDolor.\n", "a: 1\nb: 2\n"])
def test_a_text_that_is_no_table_is_refused(tmp_path, text):
    with pytest.raises(UserError, match=r"nobody knows how to read \.txt"):
        read(tmp_path, "a.txt", text)


def test_rows_as_python_prints_them_are_refused_with_what_to_do(tmp_path):
    (lost, *_) = read(tmp_path, "a.jsonl", "".join(f"{row}\n" for row in ROWS))

    assert refuse(tmp_path / "a.jsonl", lost).hint == (
        "rows as Python prints them are no JSON: write them with json.dumps"
    )


def test_json_in_the_first_cell_of_a_table_is_a_cell(tmp_path):
    rows = [('{"x": 1}', "one"), ('{"x": 2}', "two"), ('{"x": 3}', "three")]
    text = "".join(f"{cell}\t{word}\n" for cell, word in rows)

    assert [tuple(row.values()) for row in read(tmp_path, "a.tsv", text)] == rows


@pytest.mark.parametrize("title", ["Exported from Sheets", "# by me, in 2024"])
def test_a_title_above_the_names_is_told(tmp_path, title):
    lost, *rows = read(tmp_path, "a.csv", f"\n{title}\n{CSV}")

    assert rows == ROWS
    assert lost == Unreadable(0, "a line above the names of the columns", title)
    *lost, _, _, _ = read(tmp_path, "b.csv", f"{title}\n# 1, 2\nand more\n{CSV}")
    assert [line.excerpt for line in lost] == [title, "# 1, 2", "and more"]


@pytest.mark.parametrize(
    "text",
    [
        "q,a\n1+1?,2,\né² ≤ ?,3,,\n7,8,\n",
        'q,a\n"1+1?",2,\n"é² ≤ ?",3,\n7,8,\n',
        '"sep=;"\n' + CSV.replace(",", ";"),
    ],
)
def test_empty_fields_behind_a_row_and_a_quoted_separator_do_no_harm(tmp_path, text):
    assert read(tmp_path, "a.csv", text) == ROWS


def test_a_single_column_may_have_commas_and_a_name_a_line_end(tmp_path):
    text = "q\nWhat is 1, or 2?\nAnd 3?\nAnd 4, 5, 6?\n"
    assert [row["q"] for row in read(tmp_path, "a.csv", text)] == text.split("\n")[1:-1]

    assert read(tmp_path, "b.csv", '"q","the\nanswer"\n1+1?,2\n') == [
        {"q": "1+1?", "the\nanswer": "2"}
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ["capital of France,Paris", "capital of Peru,Lima", "capital of Oman,Muscat"],
        [
            "Which gas is noble,Neon,Steam,A",
            "Which metal is it,Tin,Ice,A",
            "Who,Me,U,B",
        ],
        ["Name of the moon,Luna", "Name the longest river,Nile", "Say it,So"],
    ],
)
def test_a_first_row_that_reads_like_the_next_ones_is_no_line_of_names(tmp_path, rows):
    read_rows = read(tmp_path, "a.csv", "\n".join(rows))

    assert [",".join(row.values()) for row in read_rows] == rows
    assert list(read_rows[0])[:2] == ["0", "1"]


@pytest.mark.parametrize(
    "names",
    [
        "question,A,B,C,D,answer",
        "Problem (text),Answer [units]",
        "Name of it,value",
    ],
)
def test_a_line_of_names_stays_one(tmp_path, names):
    width = names.count(",")
    rows = [f"What is the sum of {n} and {n}?" + f",{n}" * width for n in range(9)]

    first, *_ = read(tmp_path, "a.csv", "\n".join([names, *rows]))
    assert list(first) == names.split(",")


def test_a_broken_line_is_one_row_whatever_it_begins_with(tmp_path):
    log, half = "2024-05-01 10:00 INFO start", '0 plus 0?", "a": "0"}'
    lost = read(tmp_path, "a.jsonl", f"{LINES}{log}\n{half}\n1 2\n")[len(ROWS) :]

    assert [row.excerpt for row in lost] == [log, half, "1 2"]


@pytest.mark.parametrize("head", ["/* made by x */", "// rows", ")]}'"])
@pytest.mark.parametrize("indent", [None, 1])
def test_what_stands_above_an_array_is_told(tmp_path, head, indent):
    lost, *rows = read(tmp_path, "a.json", f"{head}\n{json.dumps(ROWS, indent=indent)}")

    assert rows == ROWS
    assert isinstance(lost, Unreadable)


def test_a_file_may_be_compressed_twice(tmp_path):
    once = gzip.compress(LINES.encode())

    assert read(tmp_path, "a.jsonl.gz", gzip.compress(once)) == ROWS
    assert read(tmp_path, "a.jsonl.zst", zstandard.compress(once)) == ROWS


def write_stream(rows: list[dict]) -> bytes:
    table = pa.Table.from_pylist(rows)
    buffer = pa.BufferOutputStream()
    with ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue().to_pybytes()


def test_arrow_streams_one_behind_the_other_are_one_file(tmp_path):
    content = write_stream(ROWS[:1]) + write_stream(ROWS[1:])

    assert read(tmp_path, "a.arrows", content) == ROWS
    assert read(tmp_path, "b.jsonl", content) == ROWS
    more = [{"b": "x", **row} for row in ROWS]
    assert read(tmp_path, "c.arrows", content + write_stream(more)) == ROWS + more


def test_a_folder_that_datasets_saved_is_read_as_one_file(tmp_path):
    data = datasets.Dataset.from_list(ROWS)
    data.save_to_disk(tmp_path / "saved", num_shards=2)
    file = tmp_path / "saved" / "data-00001-of-00002.arrow"

    assert list(raw_rows(tmp_path / "saved")) == ROWS
    file.write_bytes(b"")
    *rows, lost = raw_rows(tmp_path / "saved")
    assert rows == ROWS[:2]
    assert lost.row == 2
    file.unlink()
    with pytest.raises(UserError, match=file.name):
        list(raw_rows(tmp_path / "saved"))
    (tmp_path / "saved" / "state.json").write_text("{}")
    with pytest.raises(UserError, match="does not say which files"):
        raw_rows(tmp_path / "saved")


def test_bytes_that_are_no_text_stay_bytes(tmp_path):
    images = pa.array([b"\xff\xd8", None, b"\x89PNG"])
    table = pa.Table.from_pylist(ROWS).append_column("image", images)
    parquet.write_table(table, tmp_path / "a.parquet")
    rows = list(raw_rows(tmp_path / "a.parquet"))

    assert [row["image"] for row in rows] == images.to_pylist()
    assert [row["a"] for row in rows] == ["2", "3", "8"]


def test_short_floats_and_names_that_are_empty_stay_what_they_are(tmp_path):
    table = pa.Table.from_arrays(
        [pa.array([0.1, 39.0], pa.float32()), pa.array([0.1, 1.5], pa.float32())],
        names=["answer", ""],
    )
    parquet.write_table(table, tmp_path / "a.parquet")

    assert list(raw_rows(tmp_path / "a.parquet")) == [
        {"answer": 0.1, "": 0.1}, {"answer": 39.0, "": 1.5}
    ]  # fmt: skip
    frame, _ = read_frame(tmp_path / "a.parquet")
    assert frame["answer"].to_list() == ["0.1", "39"]
    assert frame.columns == ["answer", ""]


def test_decimals_of_any_length_are_texts_without_quotes(tmp_path):
    long = Decimal("1" * 60 + ".5")
    table = pa.table({"problem": ["x"], "n": pa.array([long], pa.decimal256(70, 1))})
    parquet.write_table(table, tmp_path / "a.parquet")

    frame, _ = read_frame(tmp_path / "a.parquet")
    assert frame["n"].to_list() == [str(long)]


@pytest.mark.parametrize(
    ("early", "late", "first", "last"),
    [
        (1, "x", "1", "x"),
        (1, 2.5, 1.0, 2.5),
        (2**53 + 1, 0.5, "9007199254740993", "0.5"),
        ([1], ["a"], "[1]", '["a"]'),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": None}, {"a": None, "b": 2}),
        (None, {"b": 2}, None, {"b": 2}),
        (1, 10**40, "1", "1" + "0" * 40),
    ],
)
def test_a_type_that_changes_late_loses_no_value(tmp_path, early, late, first, last):
    rows = [{"problem": f"{n}", "x": early} for n in range(5000)]
    rows += [{"problem": "last", "x": late, "new": True}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    frame, lost = read_frame(tmp_path / "a.jsonl")

    assert not lost
    assert frame.columns == ["problem", "x", "new"]
    assert [frame["x"][0], frame["x"][4999], frame["x"][5000]] == [first, first, last]
    assert frame["new"].null_count() == 5000


def test_a_single_column_may_change_its_type_late(tmp_path):
    rows = [{"x": n} for n in range(5000)] + [{"x": "a"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))

    assert read_frame(tmp_path / "a.jsonl")[0]["x"].to_list()[4998:] == [
        "4998",
        "4999",
        "a",
    ]


def test_a_column_is_found_inside_of_others():
    chats = [[{"role": "user", "content": f"{n}?"}] for n in range(2)]
    table = pl.DataFrame({"messages": chats, "info": ['{"a": {"b": 7}}', "{}"]})
    content = find_column(table, "messages.0.content")
    number = find_column(table, "info.a.b")

    assert content is not None
    assert number is not None
    assert content.to_list() == ["0?", "1?"]
    assert number.to_list() == [7, None]
    assert find_column(table, "messages.0.other") is None
