import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard
from pyarrow import parquet

from pipeline.errors import UserError
from pipeline.locations import expand
from pipeline.readers import EXCERPT, Unreadable, raw_rows

ROWS = [{"q": "1+1?", "a": "2"}, {"q": "é² ≤ ?", "a": "3"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def read(path: Path, content: bytes) -> list:
    path.write_bytes(content)
    return list(raw_rows(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", LINES),
        ("a.json", LINES),
        ("a.json", json.dumps(ROWS, indent=2).encode()),
        ("a.csv", "q,a\n1+1?,2\né² ≤ ?,3\n".encode()),
        ("a.tsv", "q\ta\n1+1?\t2\né² ≤ ?\t3\n".encode()),
        ("a.jsonl", b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n")),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)),
        ("a.json.zst", zstandard.compress(json.dumps(ROWS).encode())),
        ("a.csv.gz", gzip.compress("q,a\n1+1?,2\né² ≤ ?,3\n".encode(), mtime=0)),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, content: bytes):
    assert read(tmp_path / name, content) == ROWS


def test_parquet_rows_are_plain_python(tmp_path: Path):
    rows = [{"chat": [{"role": "user", "content": "1+1?"}], "gold": {"value": 2}}]
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")

    assert list(raw_rows(tmp_path / "a.parquet")) == rows


def test_a_damaged_part_of_a_parquet_file_costs_only_its_row_group(tmp_path: Path):
    rows = pl.DataFrame({"q": [f"{i:0100d}" for i in range(6000)]})
    path = tmp_path / "a.parquet"
    rows.write_parquet(path, row_group_size=2000, compression="snappy")
    content = bytearray(path.read_bytes())
    chunk = parquet.read_metadata(path).row_group(1).column(0)
    end = chunk.data_page_offset + chunk.total_compressed_size
    content[chunk.data_page_offset : end] = bytes(end - chunk.data_page_offset)
    path.write_bytes(content)
    read = list(raw_rows(path))
    every = rows.rows(named=True)

    assert read[:2000] + read[2001:] == every[:2000] + every[4000:]
    assert read[2000].row == 2000
    assert read[2000].detail.startswith("2,000 rows of row group 1 are damaged: ")


def test_one_object_is_one_row_and_a_list_is_a_row_too(tmp_path: Path):
    assert read(tmp_path / "a.json", b'{"q": 1}') == [{"q": 1}]
    assert read(tmp_path / "b.json", b"[[1, 2], [3]]") == [
        {"row": [1, 2]},
        {"row": [3]},
    ]


def test_an_array_that_is_cut_off_gives_what_is_whole(tmp_path: Path):
    *whole, rest = read(tmp_path / "a.json", json.dumps(ROWS).encode()[:-9])

    assert whole == ROWS[:1]
    assert (rest.row, rest.excerpt[:5]) == (1, '{"q":')
    assert rest.detail.startswith("truncated or broken at character 26: ")


def test_a_bad_line_costs_only_itself(tmp_path: Path):
    bad = [b'{"q": ', b"\xff\xfe{}", b'"text"', b'{"q": "\\ud800"}', b"[" * 99_999]
    content = b"\n".join([b'{"q": 1}', *bad, b'{"q": 2}'])
    first, *lost, last = read(tmp_path / "a.jsonl", content)

    assert (first, last) == ({"q": 1}, {"q": 2})
    assert [row.row for row in lost] == [1, 2, 3, 4, 5]
    starts = [
        "not JSON",
        "not UTF-8",
        "expected an object",
        "not UTF-8, or",
        "not JSON",
    ]
    assert [row.detail[: len(s)] for row, s in zip(lost, starts, strict=True)] == starts


def test_bad_bytes_in_an_array_cost_only_their_row(tmp_path: Path):
    content = b'[{"q": "a"}, {"q": "\xff"}, {"q": "c"}]'
    first, lost, last = read(tmp_path / "a.json", content)

    assert (first, last) == ({"q": "a"}, {"q": "c"})
    assert lost.excerpt == '{"q": "?"}'


def test_a_row_of_ten_megabytes_is_a_row(tmp_path: Path):
    big = {"q": "x" * 10_000_000}
    assert read(tmp_path / "a.jsonl", json.dumps(big).encode()) == [big]

    broken = read(tmp_path / "b.jsonl", json.dumps(big).encode()[:-1])
    assert [len(row.excerpt) for row in broken] == [EXCERPT]


def test_csv_rows_with_other_columns_and_open_quotes_are_told(tmp_path: Path):
    content = b'q,a\n1,2\n3\n4,5,6\n"7\n7",8\n\xff,9\n"10,11\n12,13\n'
    rows = read(tmp_path / "a.csv", content)

    good = [row for row in rows if isinstance(row, dict)]
    assert good == [
        {"q": "1", "a": "2"},
        {"q": "7\n7", "a": "8"},
        {"q": "12", "a": "13"},
    ]
    assert [row.detail for row in rows if isinstance(row, Unreadable)] == [
        "expected 2 columns, found 1",
        "expected 2 columns, found 3",
        "not UTF-8, or half a surrogate pair",
        "not CSV: unexpected end of data, in the record from line 8 on",
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
def test_an_empty_file_is_one_unreadable_row(tmp_path: Path, name: str):
    (row,) = read(tmp_path / name, b"")
    assert isinstance(row, Unreadable)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_file_that_is_not_what_it_is_called_is_told(tmp_path: Path, name: str):
    (row,) = read(tmp_path / name, b"no such thing")
    assert row.detail.startswith(("truncated or broken", "not a whole parquet file"))


def test_an_unknown_suffix_and_a_missing_file_name_themselves(tmp_path: Path):
    (tmp_path / "a.xlsx").touch()
    with pytest.raises(UserError, match=r"a\.xlsx.*\.xlsx") as error:
        raw_rows(tmp_path / "a.xlsx")
    assert ".parquet, .arrow" in error.value.hint
    with pytest.raises(UserError, match=r"none\.json does not exist"):
        raw_rows(tmp_path / "none.json")


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POOLS", "/pools")
    monkeypatch.delenv("NOWHERE", raising=False)

    assert expand("$POOLS/a.json") == Path("/pools/a.json")
    with pytest.raises(UserError, match="NOWHERE is not set"):
        expand("${NOWHERE}/a.json")


@pytest.mark.realdata
def test_the_truncated_orz_file_gives_1785_rows_and_says_what_is_lost(data: Path):
    file = data / "orz/orz_math_57k_collected.TRUNCATED.json"
    *rows, rest = raw_rows(file)

    assert len(rows) == 1785
    assert rest.row == 1785
    assert rest.detail.startswith("truncated or broken at character 884,432")
    assert sum("pass_at_n" in row["row"][1]["ground_truth"] for row in rows) == 1527
