"""Files that tools and disks leave behind: rare frames, odd zips, odd values."""

import bz2
import datetime
import gzip
import io
import json
import random
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from pyarrow import feather, ipc, parquet

from pipeline import json_rows, streams
from pipeline.readers import Unreadable, raw_rows

ROWS = [{"q": "1+1?", "a": "2"}, {"q": "é² ≤ ?", "a": "3"}, {"q": "7", "a": "8"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
CSV = "q,a\n1+1?,2\né² ≤ ?,3\n7,8\n"


def read(folder: Path, name: str, content: bytes) -> list:
    (folder / name).write_bytes(content)
    return list(raw_rows(folder / name))


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("compress", [bz2.compress, zstandard.compress])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_counts_though_the_first_pieces_hold_nothing(
    tmp_path, compress, encoding
):
    draw = random.Random(1)  # more than a piece, compressed
    rows = [{"q": f"{draw.getrandbits(9000)}", "a": str(n)} for n in range(200)]
    text = "q,a\n" + "".join(f"{row['q']},{row['a']}\n" for row in rows)

    assert read(tmp_path, "a.csv", compress(text.encode(encoding))) == rows


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_utf_32_is_known_by_its_zeros(tmp_path, encoding):
    assert read(tmp_path, "a.csv", CSV.encode(encoding)) == ROWS


def test_frames_that_hold_no_data_and_padding_are_passed_over(tmp_path):
    skipped = struct.pack("<II", 0x184D2A50, 5) + b"index"
    half = LINES.index(b"\n") + 1
    parts = [zstandard.compress(part) for part in (LINES[:half], LINES[half:])]
    content = skipped + parts[0] + bytes(300) + parts[1] + skipped

    assert read(tmp_path, "a.jsonl.zst", content) == ROWS
    *rows, cut = read(tmp_path, "b.jsonl.zst", content[:-2])
    assert rows == ROWS
    assert "cut off" in cut.detail


def test_zstandard_with_a_long_window_is_read(tmp_path):
    long = zstandard.ZstdCompressionParameters.from_level(1, window_log=30)
    stream = zstandard.ZstdCompressor(compression_params=long).compressobj()

    assert read(tmp_path, "a.jsonl", stream.compress(LINES) + stream.flush()) == ROWS


def test_a_zip_is_what_the_file_in_it_is(tmp_path):
    mac = {"__MACOSX/._a.csv": b"x", "d/.DS_Store": b"y"}
    content = zipped(**{"d/a.csv": CSV.encode(), **mac})

    assert read(tmp_path, "a.zip", content) == ROWS
    (none,) = read(tmp_path, "c.jsonl.zip", zipped())
    assert "a zip of 0 files" in none.detail


def test_parquet_and_arrow_are_known_by_their_bytes(tmp_path):
    table = pa.Table.from_pylist(ROWS)
    parquet.write_table(table, tmp_path / "a")
    with ipc.new_file(tmp_path / "a.parquet", table.schema) as writer:
        writer.write_table(table)
    content = (tmp_path / "a").read_bytes()

    assert list(raw_rows(tmp_path / "a")) == ROWS
    assert list(raw_rows(tmp_path / "a.parquet")) == ROWS
    assert read(tmp_path, "a.jsonl", content) == ROWS
    assert read(tmp_path, "a.parquet.gz", gzip.compress(content)) == ROWS
    assert read(tmp_path, "a.zst", zstandard.compress(content)) == ROWS
    assert read(tmp_path, "a.zip", zipped(**{"a.parquet": content})) == ROWS
    *rows, lost = read(tmp_path, "b.parquet.gz", gzip.compress(content)[:-30])
    assert rows == []
    assert "not a whole parquet file" in lost.detail


def test_feather_of_the_first_version_is_read_and_ends_no_process(tmp_path):
    file = tmp_path / "a.feather"
    with pytest.warns(DeprecationWarning, match="Feather V1"):
        feather.write_feather(pa.Table.from_pylist(ROWS), file, version=1)
    content = file.read_bytes()

    assert list(raw_rows(file)) == ROWS
    assert read(tmp_path, "a.feather.gz", gzip.compress(content)) == ROWS
    (lost,) = read(tmp_path, "b.feather", content[:60])
    assert lost.detail.startswith("not a whole Feather file of version 1")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_a_line_that_no_row_has_ends_what_can_be_read(tmp_path, name, monkeypatch):
    monkeypatch.setattr(streams, "LONGEST_LINE", 4 << 20)
    monkeypatch.setattr(json_rows, "LONGEST_VALUE", 4 << 20)
    head = CSV.encode() if name == "a.csv" else LINES
    bomb = gzip.compress(head + b'{"q": "' + b"x" * (64 << 20))
    *rows, lost = read(tmp_path, f"{name}.gz", bomb)

    assert rows == ROWS
    assert "longer than 4 MB" in lost.detail


@pytest.mark.parametrize("value", [b"{}", b"[]", b"1", b'"a"'])
@pytest.mark.parametrize("before", [b"", LINES], ids=["first", "last"])
def test_a_value_of_very_many_small_ones_is_refused_before_it_fills_the_memory(
    tmp_path, monkeypatch, value, before
):
    monkeypatch.setattr(json_rows, "LONGEST_START", 1 << 20)
    monkeypatch.setattr(json_rows, "LARGEST_VALUE", 300 << 20)
    bomb = b'{"data": [' + b",".join([value] * (8 << 20)) + b"]}\n"
    read_rows = read(tmp_path, "a.jsonl.gz", gzip.compress(before + bomb + LINES))

    lost = [row for row in read_rows if isinstance(row, Unreadable)]
    assert [row for row in read_rows if row not in lost] == ROWS * (2 if before else 1)
    assert "MB of memory" in lost[0].detail
    assert len(lost) == 1


def test_rows_behind_a_value_that_is_too_long_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_VALUE", 4 << 20)
    content = b'{"q": "' + b"x" * (16 << 20) + b'"}\n' + LINES
    lost, *rows = read(tmp_path, "a.json", content)

    assert isinstance(lost, Unreadable)
    assert rows == ROWS


def test_a_long_line_that_is_an_array_is_read_value_by_value(tmp_path, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_START", 100)
    rows = [{"q": "x" * 50, "a": str(n)} for n in range(100)]

    assert read(tmp_path, "a.jsonl", json.dumps(rows).encode()) == rows


@pytest.mark.parametrize("depth", [150, 600, 5000])
def test_a_row_that_is_nested_too_deeply_costs_itself(tmp_path, depth):
    deep = b'{"q": ' + b"[" * depth + b"]" * depth + b"}\n"
    lost, *rows = read(tmp_path, "a.jsonl", deep + LINES)

    assert isinstance(lost, Unreadable)
    assert rows == ROWS


def test_line_ends_of_all_kinds_end_the_lines_of_one_file(tmp_path):
    one, two, three, four, _ = CSV.split("\n")
    for content in (
        f"{one}\r\n{two}\r{three}\n{four}\r",
        f"{one}\r{two}\n{three}\r\n{four}",
    ):
        assert read(tmp_path, "a.csv", content.encode()) == ROWS
    old = "q,a\r" + 400_000 * "1,2\r" + "3,4\n5,6\r"  # more than a piece
    assert read(tmp_path, "c.csv", old.encode())[-2:] == [
        {"q": "3", "a": "4"}, {"q": "5", "a": "6"}
    ]  # fmt: skip
    quoted = '"q","a"\n"1","2"\r"3","4"\n'
    assert read(tmp_path, "b.csv", quoted.encode()) == [
        {"q": "1", "a": "2"}, {"q": "3", "a": "4"}
    ]  # fmt: skip


def test_what_other_programs_make_of_csv_is_read(tmp_path):
    excel = "sep=;\n" + CSV.replace(",", ";")
    assert read(tmp_path, "a.csv", excel.encode()) == ROWS

    escaped = b'q,a\n"say \\"\\frac12\\", twice",1\n'
    assert read(tmp_path, "b.csv", escaped) == [
        {"q": 'say "\\frac12", twice', "a": "1"}
    ]
    numbered = b"0,1\n1+1?,2\n"  # the names that pandas gives
    assert read(tmp_path, "c.csv", numbered) == [{"0": "1+1?", "1": "2"}]


@pytest.mark.parametrize("first", ["Name the largest planet.,Jupiter", "Solve x=3,x"])
def test_a_sentence_or_a_formula_is_no_name_of_a_column(tmp_path, first):
    question, answer = first.split(",")
    rows = read(tmp_path, "a.csv", f"{first}\nName another.,Mars\n".encode())

    assert rows[0] == {"0": question, "1": answer}
    assert len(rows) == 2


def test_keyed_rows_may_lack_columns(tmp_path):
    keyed = {f"k{n}": row for n, row in enumerate(ROWS)}
    keyed["k1"] = keyed["k1"] | {"note": "hard"}

    assert read(tmp_path, "a.json", json.dumps(keyed).encode()) == [
        {"id": key, **row} for key, row in keyed.items()
    ]


def test_tables_with_ragged_columns_or_rows_are_told(tmp_path):
    columns = {"q": ["1", "2"], "a": ["1"]}
    (lost,) = read(tmp_path, "a.json", json.dumps(columns).encode())
    assert lost.detail == "columns of unequal lengths: {'q': 2, 'a': 1}"

    split = {"columns": ["q", "a"], "data": [["1"], ["2", "3"], ["4", "5", "6"]]}
    short, row, long = read(tmp_path, "b.json", json.dumps(split).encode())
    assert row == {"q": "2", "a": "3"}
    assert (short.detail, long.detail) == (
        "expected 2 columns, found 1",
        "expected 2 columns, found 3",
    )
    odd = {"data": {"a": {"0": 1, "1": 2}, "b": {"0": 3}}}
    assert read(tmp_path, "c.json", json.dumps(odd).encode()) == [
        {"id": "a", "0": 1, "1": 2},
        {"id": "b", "0": 3},
    ]


def write_arrow(path: Path, column: pa.Array) -> Path:
    table = pa.table({"q": ["1", "2"], "x": column})
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([2**30, 0], pa.date32()), ["<value", "1970-01-01"]),
        (pa.array([2**62, 0], pa.timestamp("us")), ["<value", "1970-01-01"]),
        (pa.array([2**62, 0], pa.timestamp("ms")), ["<value", "1970-01-01"]),
        (pa.array([2**62, 0], pa.duration("ms")), ["4611686018427387904", "0"]),
    ],
)
def test_times_that_python_does_not_have_are_texts(tmp_path, column, texts, capfd):
    rows = list(raw_rows(write_arrow(tmp_path / "a.arrow", column)))

    starts = zip(rows, texts, strict=True)
    assert all(row["x"].startswith(text) for row, text in starts), rows
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("zone", ["+05:30", "Nowhere/City"])
def test_times_of_zones_that_nobody_knows_are_in_utc(tmp_path, zone):
    column = pa.array([0, 60], pa.timestamp("s", zone))
    first, second = raw_rows(write_arrow(tmp_path / "a.arrow", column))

    assert second["x"] - first["x"] == datetime.timedelta(minutes=1)
    assert first["x"].utcoffset() == datetime.timedelta(0)


def test_types_that_polars_panics_at_are_read(tmp_path, capfd):
    columns = [
        (pa.array([[1], [2, 3]], pa.list_view(pa.int64())), [[1], [2, 3]]),
        (pa.RunEndEncodedArray.from_arrays([2], ["a"]), ["a", "a"]),
        (
            pa.array([[datetime.date(2024, 1, 31)], None]),
            [[datetime.date(2024, 1, 31)], None],
        ),
        (pa.array([b"a", None], pa.binary_view()), ["a", None]),
    ]
    for column, values in columns:
        rows = list(raw_rows(write_arrow(tmp_path / "a.arrow", column)))
        assert [row["x"] for row in rows] == values
    lost = list(
        raw_rows(
            write_arrow(
                tmp_path / "a.arrow", pa.array([[2**30], []], pa.list_(pa.date32()))
            )
        )
    )
    assert "cannot be read" in lost[0].detail
    assert lost[1] == {"q": "2", "x": []}
    assert "panicked" not in capfd.readouterr().err


def test_texts_that_end_beyond_their_file_are_told_and_end_no_process(tmp_path):
    table = pa.table({"q": [*"abc"], "a": pa.array([b"x", b"\xff", b"y"])})
    with ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    ends = struct.pack("<4i", 0, 1, 2, 3)
    content = (tmp_path / "a.arrow").read_bytes()
    assert content.count(ends) == 2
    (lost,) = read(
        tmp_path, "a.arrow", content.replace(ends, struct.pack("<4i", 0, 99_999, 2, 3))
    )

    assert lost.detail.startswith("3 rows are damaged")


def test_a_name_that_is_no_text_is_told(tmp_path):
    table = pa.table({"name_of_it": ["a"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    with ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("a.parquet", "a.arrow"):
        content = (tmp_path / name).read_bytes().replace(b"name_of", b"na\xed\xedof")
        (lost,) = read(tmp_path, name, content)
        assert lost.detail.startswith("not a whole ")
    assert read(tmp_path, "a.csv", b"q,caf\xe9\n1,2\n") == [
        {"q": "1", "caf\ufffd": "2"}
    ]
