"""Files as people have them: every layout, compression and encoding, whole or cut."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import random
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import zstandard
from pyarrow import feather, ipc, parquet

from pipeline.cli.foreign import read_frame
from pipeline.errors import UserError
from pipeline.readers import Unreadable, raw_rows
from pipeline.streams import read_bytes

ROWS = [{"q": "1+1?", "a": "2"}, {"q": "é² ≤ ?", "a": "3"}, {"q": "7", "a": "8"}]
TEXTS = [json.dumps(row, ensure_ascii=False) for row in ROWS]
LINES = "\n".join(TEXTS) + "\n"
PRETTY = "\n".join(json.dumps(row, indent=2, ensure_ascii=False) for row in ROWS)
CSV = "q,a\n1+1?,2\né² ≤ ?,3\n7,8\n"


def read(folder: Path, name: str, content: bytes) -> list:
    (folder / name).write_bytes(content)
    return list(raw_rows(folder / name))


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jsonl", content)
    return buffer.getvalue()


COMPRESSED = {
    "gz": gzip.compress, "zst": zstandard.compress, "xz": lzma.compress,
    "bz2": bz2.compress, "zip": zipped,
}  # fmt: skip


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_compressed_file_is_known_by_its_bytes_and_not_by_its_name(tmp_path, ending):
    content = COMPRESSED[ending](LINES.encode())

    assert read(tmp_path, f"a.jsonl.{ending}", content) == ROWS
    assert read(tmp_path, "b.jsonl", content) == ROWS
    assert read(tmp_path, f"c.jsonl.{ending}", LINES.encode()) == ROWS


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2"])
def test_a_few_bytes_that_hold_many_come_bit_by_bit(tmp_path: Path, ending: str):
    size = 128 << 20
    (tmp_path / "a").write_bytes(COMPRESSED[ending](bytes(size)))

    sizes = list(map(len, read_bytes(tmp_path / "a")))

    assert sum(sizes) == size
    assert max(sizes) < 72 << 20


@pytest.mark.parametrize("ending", ["gz", "zst", "xz", "bz2"])
def test_parts_one_behind_the_other_are_one_file(tmp_path, ending):
    parts = [COMPRESSED[ending](f"{text}\n".encode()) for text in TEXTS]

    assert read(tmp_path, f"a.jsonl.{ending}", b"".join(parts)) == ROWS


@pytest.mark.parametrize("ending", ["gz", "zst", "xz", "bz2"])
def test_a_stream_that_is_cut_gives_its_whole_rows_and_says_so(tmp_path, ending):
    random.seed(1)  # random digits, so that a cut loses few of them
    rows = [{"q": f"{random.getrandbits(4000)}", "a": str(n)} for n in range(2000)]
    text = "\n".join(map(json.dumps, rows)).encode()
    content = COMPRESSED[ending](text)
    *whole, last = read(tmp_path, f"a.jsonl.{ending}", content[: len(content) // 2])

    assert whole == rows[: len(whole)]
    assert 300 < len(whole) < 1100
    assert last.row == len(whole)
    assert "cut off" in last.detail


def test_an_answer_is_never_half(tmp_path):
    frames = [
        zstandard.compress(part) for part in (b"q,a\n1,1383000\n2,138", b"3000\n")
    ]
    cut = read(tmp_path, "a.csv.zst", frames[0] + frames[1][:-3])

    assert cut[0] == {"q": "1", "a": "1383000"}
    assert [type(row) for row in cut[1:]] == [Unreadable]


def test_other_bytes_behind_the_compressed_ones_are_told(tmp_path):
    *whole, last = read(
        tmp_path, "a.jsonl.gz", gzip.compress(LINES.encode()) + b"<html>"
    )

    assert whole == ROWS
    assert "other bytes follow" in last.detail


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.jsonl", LINES), ("a.json", PRETTY), ("a.csv", CSV)]
)
def test_encodings_are_known_by_a_mark_or_by_their_zeros(
    tmp_path, encoding, name, text
):
    assert read(tmp_path, name, text.encode(encoding)) == ROWS


LAYOUTS = {
    "array.jsonl": json.dumps(ROWS),
    "array.json": json.dumps(ROWS, indent=1),
    "two arrays.json": json.dumps(ROWS[:1]) + json.dumps(ROWS[1:]),
    "one behind the other.jsonl": " ".join(TEXTS),
    "array of lines.jsonl": "[\n" + ",\n".join(TEXTS) + "\n]\n",
    "wrapped lines.jsonl": '{"data": [\n' + ",\n".join(TEXTS) + "\n]}\n",
    "pretty.jsonl": PRETTY,
    "pretty at the margin.jsonl": "\n".join(json.dumps(row, indent=0) for row in ROWS),
    "pretty.json": PRETTY,
    "glued.jsonl": f"{TEXTS[0]}\n{TEXTS[1]}{TEXTS[2]}\n",
    "commas.jsonl": ",\n".join(TEXTS) + ",\n",
    "old mac.jsonl": LINES.replace("\n", "\r"),
    "windows.jsonl": LINES.replace("\n", "\r\n"),
    "capitals.JSONL": LINES,
    "wrapped.json": json.dumps({"version": 1, "data": ROWS}),
    "examples.json": json.dumps({"examples": ROWS, "about": {"q": "x"}}),
    "columns.json": json.dumps({name: [row[name] for row in ROWS] for name in "qa"}),
    "pandas.json": pl.DataFrame(ROWS).to_pandas().to_json(),
    "split.json": pl.DataFrame(ROWS).to_pandas().to_json(orient="split"),
    "semicolons.csv": CSV.replace(",", ";"),
    "old mac.csv": CSV.replace("\n", "\r"),
    "spaces.csv": CSV.replace("q,a", " q , a "),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_rows(tmp_path, name):
    assert read(tmp_path, name, LAYOUTS[name].encode()) == ROWS


def test_rows_by_key_have_it_as_their_id(tmp_path):
    keyed = {f"p{number}": row for number, row in enumerate(ROWS)}

    assert read(tmp_path, "a.json", json.dumps(keyed).encode()) == [
        {"id": f"p{number}", **row} for number, row in enumerate(ROWS)
    ]


PARTS = {"train": ROWS[:2], "test": ROWS[2:]}
SPLIT_ROWS = [row | {"split": name} for name, part in PARTS.items() for row in part]


def by_column(rows: list) -> dict:
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize(
    "value",
    [
        PARTS,
        {"version": 1} | PARTS | {"about": {"q": "x"}, "validation": []},
        {"data": PARTS},
        {name: by_column(rows) for name, rows in PARTS.items()},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_the_rows_of_every_split_are_read_with_its_name(tmp_path, value, indent):
    assert read(tmp_path, "a.json", json.dumps(value, indent=indent).encode()) == [
        *SPLIT_ROWS
    ]


def test_splits_of_any_name_are_tables_where_they_have_the_same_columns(tmp_path):
    for one, two in [("Validation", "dev_hard"), ("train", "unseen"), ("x", "y")]:
        parts = {one: ROWS[:1], two: ROWS[1:]}
        rows = read(tmp_path, "a.json", json.dumps(parts).encode())
        assert rows == [ROWS[0] | {"split": one}] + [
            r | {"split": two} for r in ROWS[1:]
        ]


def test_rows_by_key_in_splits_have_their_key_too(tmp_path):
    value = {"train": {"p0": ROWS[0], "p1": ROWS[1]}, "test": {"p2": ROWS[2]}}

    assert read(tmp_path, "a.json", json.dumps(value).encode()) == [
        {"id": f"p{number}", **row} for number, row in enumerate(SPLIT_ROWS)
    ]


def test_rows_that_name_their_split_keep_it_and_one_split_needs_none(tmp_path):
    own = {"train": [{"q": "1", "split": "a"}], "test": [{"q": "2"}, 5]}
    first, second, odd = read(tmp_path, "a.json", json.dumps(own).encode())

    assert (first["split"], second["split"]) == ("a", "test")
    assert (odd.row, odd.detail) == (2, "expected an object")
    assert read(tmp_path, "b.json", json.dumps({"test": ROWS}).encode()) == ROWS


def test_objects_beside_a_table_that_are_none_of_its_rows_are_told(tmp_path):
    value = {"train": ROWS, "authors": [{"name": "A"}, {"name": "B"}]}
    *rows, told = read(tmp_path, "a.json", json.dumps(value).encode())

    assert rows == ROWS
    assert told.row == 3
    assert told.detail.startswith("'authors' lists 2 objects with other columns")


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "1+1?"}]},
        {"chosen": [{"role": "user", "content": "a"}] * 2,
         "rejected": [{"role": "user", "content": "b"}] * 2},
        {"question": "1+1?", "test": [{"input": "1", "output": "2"}]},
        {"prompt": "1+1?", "examples": [{"x": 1}], "results": [{"x": 2}]},
    ],
)  # fmt: skip
def test_one_problem_with_lists_of_its_own_is_one_row(tmp_path, row):
    assert read(tmp_path, "a.jsonl", json.dumps(row).encode()) == [row]


def test_a_column_of_objects_is_no_table(tmp_path):
    columns = {"text": ["1+1?", "2+2?"], "test": [{"in": 1}, {"in": 2}]}

    assert read(tmp_path, "a.json", json.dumps(columns).encode()) == [
        {"text": "1+1?", "test": {"in": 1}}, {"text": "2+2?", "test": {"in": 2}}
    ]  # fmt: skip


def test_a_broken_object_costs_itself_and_never_a_part_of_it_is_a_row(tmp_path):
    nested = [{"q": str(n), "chat": [{"role": "user"}]} for n in range(3)]
    text = json.dumps(nested, indent=1).replace('"1"', "1 1")
    first, lost, last = read(tmp_path, "a.json", text.encode())

    assert (first, last) == (nested[0], nested[2])
    assert "broken at character" in lost.detail
    cut = read(tmp_path, "b.json", json.dumps(nested, indent=1).encode()[:-40])
    assert [type(row) for row in cut] == [dict, dict, Unreadable]


def test_a_table_without_names_has_numbers_for_names(tmp_path):
    rows = read(tmp_path, "a.csv", b"What is 1+1?,2\nWhat is 2+2?,4\n")

    assert rows == [{"0": "What is 1+1?", "1": "2"}, {"0": "What is 2+2?", "1": "4"}]


def test_the_second_column_of_a_name_gets_a_number(tmp_path):
    assert read(tmp_path, "a.csv", b"q,a,a\n1,2,3\n") == [
        {"q": "1", "a": "2", "a.1": "3"}
    ]

    table = pa.Table.from_arrays([pa.array(["1"]), pa.array(["2"])], names=["a", "a"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert list(raw_rows(tmp_path / "a.parquet")) == [{"a": "1", "a.1": "2"}]


def test_a_number_behind_a_name_is_no_other_columns_name(tmp_path):
    row = {"a": "1", "a.2": "2", "a.1": "3"}
    assert read(tmp_path, "a.csv", b"a,a,a.1\n1,2,3\n") == [row]

    columns = [pa.array([value]) for value in "123"]
    table = pa.Table.from_arrays(columns, names=["a", "a", "a.1"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert list(raw_rows(tmp_path / "a.parquet")) == [row]


def test_empty_batches_count_no_rows(tmp_path):
    good = pa.record_batch({"a": ["x"]})
    no_text = pa.array([b"\xff"]).view(pa.string())
    bad = pa.RecordBatch.from_arrays([no_text], names=["a"])
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file,
        pa.ipc.new_file(file, good.schema) as writer,
    ):
        for batch in (good, good[:0], bad):
            writer.write_batch(batch)

    first, second = raw_rows(tmp_path / "a.arrow")

    assert first == {"a": "x"}
    assert isinstance(second, Unreadable)
    assert second.row == 1


def test_lines_are_lines_though_the_first_ones_are_broken(tmp_path):
    broken = b'{oops\n{"q": "caf\xff"}\n'
    rows = read(tmp_path, "a.jsonl", broken + b"[1]\n" + LINES.encode())

    assert [isinstance(row, Unreadable) for row in rows[:2]] == [True, True]
    assert rows[2:] == [{"row": [1]}, *ROWS]


@pytest.mark.parametrize("closed_at", [None, 40])
def test_a_stray_quote_costs_its_line(tmp_path, closed_at):
    lines = [f"question {n},{n}" for n in range(100)]
    lines[3] = '"question 3,3'
    if closed_at:
        lines[closed_at] = f'"question {closed_at}",{closed_at}'
    rows = read(tmp_path, "a.csv", "\n".join(["q,a", *lines]).encode())

    assert [row.detail[:7] for row in rows if isinstance(row, Unreadable)] == [
        "not CSV"
    ]
    assert [row["a"] for row in rows if isinstance(row, dict)] == [
        str(n) for n in range(100) if n != 3
    ]


def test_quotes_in_a_tsv_are_only_quotes(tmp_path):
    content = b'q\ta\n"Twelve" has how many letters?\t6\n5" pipe\t"x"\n'

    assert read(tmp_path, "a.tsv", content) == [
        {"q": '"Twelve" has how many letters?', "a": "6"},
        {"q": '5" pipe', "a": "x"},
    ]


def test_arrow_and_feather_are_read_as_parquet_is(tmp_path):
    table = pa.Table.from_pylist([{"q": "1+1?", "n": [1, 2]}, {"q": None, "n": []}])
    feather.write_feather(table, tmp_path / "a.feather")
    for name, new in (("a.arrow", ipc.new_file), ("b.arrow", ipc.new_stream)):
        with new(tmp_path / name, table.schema) as writer:
            writer.write_table(table)

    for name in ("a.feather", "a.arrow", "b.arrow"):
        assert list(raw_rows(tmp_path / name)) == table.to_pylist()


def test_columns_that_polars_cannot_hold_are_read_all_the_same(tmp_path):
    from decimal import Decimal

    table = pa.table({
        "q": pa.array([b"1+1?", b"\xff", b"2+2?"]),
        "n": pa.array([Decimal("1.5")] * 3, pa.decimal256(60, 2)),
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "a.parquet")
    first, lost, last = raw_rows(tmp_path / "a.parquet")

    assert (first["q"], last["q"]) == ("1+1?", "2+2?")
    assert first["n"] == Decimal("1.50")
    assert (lost.row, lost.detail) == (1, "not UTF-8, or half a surrogate pair")


SEEDS = {
    "a.jsonl": LINES, "a.json": json.dumps(ROWS), "b.json": PRETTY, "a.csv": CSV,
    "a.tsv": CSV.replace(",", "\t"), "c.json": json.dumps({"data": ROWS}),
    "a.txt": LINES, "b.csv": f"# by me\n{CSV}", "c.csv": CSV.partition("\n")[2],
    "d.csv": LINES, "d.json": f"/* by me */\n{PRETTY}", "e.csv": "q\nOne, two\nSix\n",
}  # fmt: skip


def mutate(content: bytes, random: random.Random) -> bytes:
    """A few bytes deleted, doubled, changed or swapped in, or the end cut off."""
    out = bytearray(content)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(out) + 1)
        noise = random.choice(
            [b'"', b"\n", b"{", b"}", b"[", b",", b"\\", b"\xff", b"\0"]
        )
        edits = (b"", noise, out[at : at + 9] * 2, random.randbytes(3))
        out[at : at + random.randint(0, 9)] = random.choice(edits)
    return bytes(out[: random.randint(1, len(out))] if random.random() < 0.2 else out)


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("ending", ["", *COMPRESSED])
def test_whatever_is_in_a_file_gives_rows_or_a_reason(tmp_path, name, ending):
    draw = random.Random(f"{name}{ending}")
    refused = set[tuple[str, bool]]()
    for _ in range(40):
        content = SEEDS[name].encode()
        if draw.random() < 0.5 or not ending:
            content = mutate(content, draw)
        if ending:
            content = COMPRESSED[ending](content)
            content = mutate(content, draw) if draw.random() < 0.7 else content
        file = tmp_path / f"{name}.{ending}".rstrip(".")
        try:
            rows = read(tmp_path, file.name, content)
        except UserError as error:  # what only its content told is no longer known
            refused.add((name, str(file) in str(error)))
            continue
        assert rows
        check_rows(rows, file)
    assert refused <= {("a.txt", True)}


def check_rows(rows: list, file: Path) -> None:
    """All that was read can be kept, and rows in are rows kept and set aside."""
    assert all(isinstance(row, dict | Unreadable) for row in rows)
    lost = [at for at, row in enumerate(rows) if isinstance(row, Unreadable)]
    assert lost == [row.row for row in rows if isinstance(row, Unreadable)]
    json.dumps([row for row in rows if isinstance(row, dict)], default=str).encode()
    table, unreadable = read_frame(file)
    if file.suffix == ".parquet":  # polars reads of a damaged one what pyarrow does not
        assert table.height + len(unreadable) >= len(rows) - len(lost)
    elif table.width:  # a table of objects without names has no rows
        assert table.height == len(rows) - len(unreadable)
        assert len(unreadable) == len(lost)


def write_tables(folder: Path) -> list[Path]:
    """Small parquet and Arrow files with columns of many types."""
    table = pa.table({
        "q": ["1+1?", "é² ≤ ?", None], "a": pa.array([2**40, 0, None], pa.date64()),
        "s": [{"x": 1, "y": ["a"]}, None, {"x": None, "y": []}],
        "b": pa.array([b"x", b"y", b"\xff"]), "i": pa.array([b"\xff", b"\xfe", None]),
        "f": pa.array([0.1, None, 1e30], pa.float32()),
        "c": pa.array([*"uvu"]).dictionary_encode(),
        "t": pa.array([0, 1, 2**60], pa.timestamp("us", "Europe/Paris")),
    })  # fmt: skip
    for codec in ("snappy", "zstd", "none"):
        parquet.write_table(table, folder / f"{codec}.parquet", compression=codec)
    feather.write_feather(table, folder / "a.feather")
    for name, new in (("a.arrow", ipc.new_file), ("b.arrow", ipc.new_stream)):
        with new(folder / name, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    two = (folder / "b.arrow").read_bytes() * 2
    (folder / "c.arrows").write_bytes(two)
    return sorted(folder.iterdir())


def test_whatever_is_in_a_binary_file_gives_rows_or_a_reason(tmp_path, capfd):
    draw = random.Random(17)
    for file in write_tables(tmp_path):
        content = file.read_bytes()
        for _ in range(60):
            file.write_bytes(mutate(content, draw))
            with contextlib.suppress(UserError):
                check_rows(list(raw_rows(file)), file)
    assert "panicked" not in capfd.readouterr().err
