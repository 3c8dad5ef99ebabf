"""Several files in one place: tars, zips, and folders that `datasets` saved."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from pathlib import Path

import datasets
import polars as pl
import pytest
import zstandard

from pipeline.errors import UserError
from pipeline.locations import DataLocation
from pipeline.readers import Unreadable, raw_rows, refuse

ONE = [{"q": "1+1?", "a": "2"}, {"q": "é² ≤ ?", "a": "3"}]
TWO = [{"q": "7", "a": "8"}]
BOTH = [{**row, "file": "b/one.jsonl"} for row in ONE]
BOTH += [{**row, "file": "a.jsonl"} for row in TWO]
JUNK = {"README.md": b"# Rows", "b/._one.jsonl": b"\0\5", ".cache/x.jsonl": b"{}"}


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


FILES = {"b/one.jsonl": lines(ONE), "a.jsonl": lines(TWO)}


def tarred(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(folder: Path, name: str, content: bytes) -> list:
    (folder / name).write_bytes(content)
    return list(raw_rows(folder / name))


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.tar", tarred),
        ("x", tarred),
        ("x.tgz", lambda files: gzip.compress(tarred(files))),
        ("x.tar.bz2", lambda files: bz2.compress(tarred(files))),
        ("x.tar.xz", lambda files: lzma.compress(tarred(files))),
        ("x.tar.zst", lambda files: zstandard.compress(tarred(files))),
        ("x.jsonl.zip", zipped),
    ],
)
def test_files_of_an_archive_are_read_in_its_order_with_their_names(
    tmp_path, name, pack
):
    assert read(tmp_path, name, pack(FILES | JUNK)) == BOTH


def test_files_in_an_archive_may_be_compressed_or_binary(tmp_path):
    pl.DataFrame(ONE).write_parquet(tmp_path / "one.parquet")
    content = (tmp_path / "one.parquet").read_bytes()
    files = {"a.parquet": content, "b.parquet.gz": gzip.compress(content)}

    rows = read(tmp_path, "x.tar", tarred(files))
    assert rows == [{**row, "file": name} for name in files for row in ONE]


def test_a_file_above_the_archive_is_read_and_written_nowhere_else(tmp_path):
    folder = tmp_path / "in" / "it"
    folder.mkdir(parents=True)
    files = {f"../../{name}": content for name, content in FILES.items()}
    for name, pack in (("x.tar", tarred), ("x.zip", zipped)):
        rows = read(folder, name, pack(files))
        assert rows == [row | {"file": f"../../{row['file']}"} for row in BOTH]
    assert list(tmp_path.iterdir()) == [tmp_path / "in"]


def test_rows_that_name_their_file_keep_it(tmp_path):
    rows = read(tmp_path, "x.tar", tarred({"a.jsonl": b'{"q": 1, "file": "mine"}'}))
    assert rows == [{"q": 1, "file": "mine"}]


def test_what_cannot_be_read_has_its_file_and_its_number_among_all(tmp_path):
    files = FILES | {"c.jsonl": b'{"q": 1}\n{"q": \n{"q": 2}\n', "d.jsonl": b""}
    *_, broken, last, empty = read(tmp_path, "x.tar", tarred(files))

    assert (broken.row, broken.detail[:9]) == (4, "c.jsonl: ")
    assert last == {"q": 2, "file": "c.jsonl"}
    assert (empty.row, empty.detail) == (
        6,
        "d.jsonl: the file is empty, or has no rows",
    )


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_an_archive_that_is_cut_gives_whole_rows_and_says_so(tmp_path, compress):
    draw = random.Random(3)
    table = "q,a\n" + "".join(f"{draw.random()},{n:07}\n" for n in range(9000))
    content = compress(tarred({"a.csv": table.encode()}))
    *rows, lost = read(tmp_path, "x.tar", content[: len(content) // 2])

    assert 3000 < len(rows) < 6000
    assert [row["a"] for row in rows] == [f"{n:07}" for n in range(len(rows))]
    assert lost.row == len(rows)
    assert "cut off" in lost.detail


def test_an_archive_without_its_end_says_so(tmp_path):
    content = tarred({"a.jsonl": lines(ONE).ljust(512)})
    *rows, lost = read(tmp_path, "x.tar", content[:1024])

    assert [row["q"] for row in rows] == [row["q"] for row in ONE]
    assert lost.detail == "the archive is cut off: a tar ends with zeros"


def test_what_follows_an_archive_is_told_and_what_breaks_before_it(tmp_path):
    *rows, lost = read(tmp_path, "x.tar", tarred(FILES) * 2)
    assert rows == BOTH
    assert lost.detail == "other bytes follow the archive"
    (lost,) = read(tmp_path, "y.jsonl.zst", zstandard.compress(lines(ONE))[:-9])
    assert "download or write it again" in refuse(tmp_path / "y.jsonl.zst", lost).hint
    with pytest.raises(UserError, match=r"y.tar.zst: the compressed file is cut off"):
        read(tmp_path, "y.tar.zst", zstandard.compress(tarred(FILES))[:-20])
    with pytest.raises(UserError, match=r"nobody knows how to read \.safetensors"):
        read(tmp_path, "z.safetensors", b"\x40\0\0\0\0\0\0\0{" + bytes(range(256)))


def test_a_file_of_a_zip_with_other_bytes_than_were_packed_is_told(tmp_path):
    content = bytearray(zipped(FILES))
    content[content.index(b"one.jsonl") + 12] ^= 0xFF
    rows = read(tmp_path, "x.zip", bytes(content))

    assert "the archive is damaged" in rows[-1].detail


def test_an_archive_of_several_kinds_or_of_none_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"x.tar holds files of several kinds: .*a.csv"):
        read(tmp_path, "x.tar", tarred(FILES | {"a.csv": b"q,a\n1,2\n"}))
    with pytest.raises(UserError, match=r"y.zip holds no file of rows"):
        read(tmp_path, "y.zip", zipped(JUNK | {"LICENSE": b"MIT"}))


def test_whatever_is_in_an_archive_gives_rows_or_a_reason(tmp_path):
    draw = random.Random(17)
    for pack in (tarred, zipped, lambda files: gzip.compress(tarred(files))):
        content = pack(FILES)
        for _ in range(80):
            changed = bytearray(content)
            for _ in range(draw.randint(1, 5)):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
            with contextlib.suppress(UserError):
                rows = read(tmp_path, "x", bytes(changed[: draw.randint(900, 20_000)]))
                assert rows
                assert all(isinstance(row, dict | Unreadable) for row in rows)


def test_a_folder_of_splits_gives_the_rows_of_all_with_their_split(tmp_path):
    splits = {"train": ONE, "test": TWO}
    parts = {name: datasets.Dataset.from_list(rows) for name, rows in splits.items()}
    folder = tmp_path / "saved"
    datasets.DatasetDict(parts).save_to_disk(folder)

    assert list(raw_rows(folder)) == [
        {**row, "split": name} for name, rows in splits.items() for row in rows
    ]
    place = DataLocation(path=str(folder), split="test")
    assert [row for _, row in place.rows()] == [{**TWO[0], "split": "test"}]
    with pytest.raises(UserError, match="no rows of the split 'dev'") as error:
        list(DataLocation(path=str(folder), split="dev").rows())
    assert error.value.hint == "it has test, train"

    file = next((folder / "test").glob("*.arrow"))
    file.write_bytes(b"")
    assert list(raw_rows(folder))[2].detail.startswith("test: not a whole arrow file")
    (folder / "dataset_dict.json").write_text("{}")
    with pytest.raises(UserError, match="does not name the splits"):
        list(raw_rows(folder))
