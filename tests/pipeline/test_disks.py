"""A folder that cannot be made or written is named, with what chose it."""

import errno
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline.disks import VARIABLES, find_unwritable, open_temporary
from pipeline.errors import UserError
from pipeline.files import replacing_folder, write_text
from pipeline.machine import cache_folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["goldsieve"])
    (tmp_path / "file").write_text("")
    return tmp_path


@pytest.mark.parametrize("folder", ["/proc/x", "/proc/x/y", "file", "file/x"])
@pytest.mark.parametrize("name", VARIABLES)
def test_the_variable_that_chose_a_folder_is_named(
    name: str, folder: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, folder)

    with pytest.raises(UserError, match="cannot be written") as raised:
        write_text(Path(folder, "a.json"), "{}")

    assert f"{name} names another" in raised.value.hint
    (sentence,) = find_unwritable()
    assert sentence.startswith(f"{name}={folder} is no folder to write in: ")


@pytest.mark.parametrize("words", [["--out", "/proc/x"], ["--dry-run=/proc/x"]])
def test_the_option_that_chose_a_folder_is_named(
    words: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "argv", ["goldsieve", "publish", "me/set", *words])

    with (
        pytest.raises(UserError, match="/proc/x cannot be written") as raised,
        replacing_folder(Path("/proc/x")),
    ):
        pass

    assert raised.value.hint == (
        f"/proc must be a folder to write in; {words[0].partition('=')[0]} names "
        "another"
    )


def test_the_usual_cache_tells_the_variable_that_moves_it():
    Path(".cache").write_text("a file in the way")

    with pytest.raises(UserError) as raised:
        write_text(cache_folder("models") / "a.json", "{}")

    assert raised.value.hint.endswith("GOLDSIEVE_CACHE names another")


def test_a_file_in_the_place_of_a_folder_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["goldsieve", "publish", "--dry-run", "file"])

    with pytest.raises(UserError) as raised, replacing_folder(Path("file")):
        pass

    assert raised.value.hint == (
        "file must be a folder to write in; --dry-run names another"
    )


def test_where_python_takes_another_folder_than_tmpdir_is_told_once(
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for folder in ("/proc/x", str(elsewhere)):
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setenv("TMPDIR", folder)
        for _ in range(2):
            open_temporary().close()

    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("TMPDIR=/proc/x is no folder to write in: /")
    assert told.endswith(" is used")


def test_folders_that_can_be_made_are_left_as_they_were(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(elsewhere / "a/b"))
    monkeypatch.setenv("TMPDIR", str(elsewhere))

    assert list(find_unwritable()) == []
    assert [each.name for each in elsewhere.iterdir()] == ["file"]


def test_a_file_that_is_read_and_absent_is_no_matter_of_the_disk(elsewhere: Path):
    with pytest.raises(FileNotFoundError) as raised, replacing_folder(Path("o")):
        (elsewhere / "gone/b.json").read_text()

    assert raised.value.errno == errno.ENOENT
