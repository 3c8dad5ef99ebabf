"""The files of an archive, each unpacked for as long as its rows are read.

An archive is a tar, whatever compresses it, or a zip. Where it is cut off or damaged,
the file in which that happens gives its whole lines.
"""

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from pipeline.disks import naming_file
from pipeline.streams import (
    ERRORS,
    PIECE,
    BrokenStream,
    UntilBroken,
    is_hidden,
    read_bytes,
)  # fmt: skip

BLOCK = tarfile.BLOCKSIZE  # bytes

Member = tuple[str, Iterator[bytes]]  # its name and what it holds


def is_tar(head: bytes) -> bool:
    """Whether a file that begins so is one: its first block has a checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def unpack(
    path: Path, is_wanted: Callable[[str], bool], *, is_tar: bool
) -> Iterator[tuple[str, Path]]:
    """(name, file) of each file that is wanted, which is there until the next one is.

    Raises BrokenStream behind the last one where the archive is cut off or damaged.
    """
    try:
        for name, content in _tar_members(path) if is_tar else _zip_members(path):
            if is_wanted(name) and not is_hidden(name):
                pieces = UntilBroken(content)
                with unpacked(name, pieces) as file:
                    yield name, file
                pieces.check()
    except (*ERRORS, tarfile.TarError) as error:
        raise BrokenStream(f"the archive is damaged: {error}") from None


@contextmanager
def unpacked(name: str, pieces: UntilBroken) -> Iterator[Path]:
    """A file of that name which holds `pieces`, while the block runs."""
    with TemporaryDirectory(prefix="goldsieve-") as folder:
        file = Path(folder, PurePosixPath(name).name)
        with naming_file(file), file.open("wb") as draft:
            draft.writelines(pieces)
        if pieces.error:
            _cut_half_line(file)
        yield file


def _cut_half_line(file: Path) -> None:
    content = file.read_bytes()
    os.truncate(file, content.rfind(b"\n") + 1)


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield member.filename, _unzip(archive, member)


def _unzip(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            yield from iter(lambda: file.read(PIECE), b"")
    except ERRORS as error:
        raise BrokenStream(f"the archive is damaged: {error}") from None


def _tar_members(path: Path) -> Iterator[Member]:
    whole = UntilBroken(read_bytes(path))
    pieces = filter(None, whole)
    file: Any = SimpleNamespace(read=lambda _size: next(pieces, b""))
    with tarfile.open(fileobj=file, mode="r|", bufsize=PIECE) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, _untar(archive.fileobj, member.size)
        rest: Any = archive.fileobj  # of two blocks of zeros, tarfile reads one
        has_end = False
        while piece := rest.read(PIECE):
            has_end = True
            if piece.strip(b"\0"):
                raise BrokenStream("other bytes follow the archive")
    whole.check()
    if not has_end:
        raise BrokenStream("the archive is cut off: a tar ends with zeros")


def _untar(file: Any, left: int) -> Iterator[bytes]:
    """The next bytes of a tar; of one that is cut, tarfile would give none of them."""
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        yield piece
    if left:
        raise BrokenStream("the archive is cut off")
