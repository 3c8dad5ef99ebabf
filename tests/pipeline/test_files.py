"""Files and folders are there whole, or as they were; one that writes at a time."""

import subprocess
import sys
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from pipeline import tables
from pipeline.errors import UserError
from pipeline.files import clear_drafts, replacing, replacing_folder, write_text

MB = 1 << 20


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_fails_on_the_way_leaves_what_was_there(tmp_path: Path):
    write_text(tmp_path / "a.txt", "old")
    (tmp_path / "b").mkdir()

    def fail_in(draft: Path) -> None:
        draft.write_text("new")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), replacing(tmp_path / "a.txt") as draft:
        fail_in(draft)
    with pytest.raises(ValueError, match="no"), replacing_folder(tmp_path / "b") as new:
        fail_in(new / "c")

    assert names(tmp_path) == ["a.txt", "b"]
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path / "b") == []


DIES = """
import os, sys
from pathlib import Path
from pipeline.files import replacing, replacing_folder
with replacing(Path("a.txt")) as a, replacing_folder(Path("b")) as b:
    a.write_text("half of what should have been written")
    (b / "old").write_text("half")
    os._exit(9)
"""


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path):
    command = [sys.executable, "-c", DIES]
    assert subprocess.run(command, cwd=tmp_path).returncode == 9
    assert names(tmp_path) == [".a.draft.txt", "b.draft"]

    write_text(tmp_path / "a.txt", "whole")
    with replacing_folder(tmp_path / "b") as folder:
        (folder / "new").write_text("")

    assert names(tmp_path) == ["a.txt", "b"]
    assert (tmp_path / "a.txt").read_text() == "whole"
    assert names(tmp_path / "b") == ["new"]


def test_drafts_that_nobody_will_take_over_are_cleared(tmp_path: Path):
    for name in (".1-a.draft.parquet", "1-a.parquet", "about.json"):
        (tmp_path / name).write_text("")
    clear_drafts(tmp_path)

    assert names(tmp_path) == ["1-a.parquet", "about.json"]


def test_many_that_write_one_file_at_once_leave_one_whole_text(tmp_path: Path):
    file = tmp_path / "a.txt"
    texts = [str(number) * 200_000 for number in range(4)]

    def write_often(text: str) -> None:
        for _ in range(25):
            write_text(file, text)
            assert file.read_text() in texts

    threads = [Thread(target=write_often, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert file.read_text() in texts
    assert names(tmp_path) == ["a.txt"]


# 3 MB, of which nothing can be compressed away.
NUMBERS = pl.DataFrame({"x": pl.int_range(400_000, eager=True).hash(1)})


@pytest.mark.parametrize("size", ["a table", "shards", "a text"])
def test_a_full_disk_is_named_with_its_room_and_nothing_is_half_written(
    full: Path, size: str
):
    shards = [NUMBERS[:50_000], NUMBERS]
    write = {
        "a table": lambda: tables.write(NUMBERS, full / "x.parquet"),
        "shards": lambda: tables.write_shards(shards, NUMBERS.schema, full / "x"),
        "a text": lambda: write_text(full / "x.txt", "a" * 3 * MB),
    }
    with pytest.raises(UserError) as error:
        write[size]()

    pattern = r"/x.*cannot be written: No space left on device: \d\.\d MB of it were "
    assert error.match(pattern + rf"written, and in {full}.* 0\.\d MB are free")
    assert "make room" in error.value.hint
    assert names(full) == []


def test_a_table_stays_as_it_was_where_the_next_has_no_room(full: Path):
    tables.write(NUMBERS[:1000], full / "x.parquet")
    with pytest.raises(UserError, match="No space left"):
        tables.write(NUMBERS, full / "x.parquet")

    assert pl.read_parquet(full / "x.parquet").equals(NUMBERS[:1000])


def test_a_read_only_disk_is_named(read_only: Path):
    for write in (
        lambda: write_text(read_only / "old.txt", "new"),
        lambda: tables.write(NUMBERS, read_only / "deep" / "x.parquet"),
        lambda: tables.write_shards([NUMBERS], NUMBERS.schema, read_only / "x"),
    ):
        with pytest.raises(UserError, match="cannot be written: Read-only file system"):
            write()

    assert names(read_only) == ["old.txt"]
    assert (read_only / "old.txt").read_text() == "old"


LIMITED = """
import resource
from pathlib import Path
import polars as pl
from pipeline import console, tables
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
table = pl.DataFrame({"x": pl.int_range(400_000, eager=True).hash(1)})
raise SystemExit(console.run(lambda: tables.write(table, Path("x.parquet"))))
"""


def test_a_bound_on_the_size_of_files_is_named(tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=tmp_path, capture_output=True, text=True
    )

    assert ran.returncode == 2
    assert ran.stderr == (
        "error: x.parquet cannot be written: File too large: a file of this process "
        "may have 1.0 MB\nhint:  `ulimit -f` shows that limit\n"
    )
    assert names(tmp_path) == []


def test_an_error_about_something_else_stays_what_it_is(tmp_path: Path):
    for error in (PermissionError(13, "no", "/else/where"), OSError(5, "broken")):
        with pytest.raises(type(error)), replacing(tmp_path / "a.txt"):
            raise error
