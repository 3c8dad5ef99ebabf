"""Files and folders that are written whole or not at all.

What is written is a draft beside its place. A draft has one writer at a time, who holds
its lock; one that a killed process left is taken over by the next.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline import owners
from pipeline.disks import naming_file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft to write, beside `path`, with its suffix; it replaces `path` at the end.

    Where the block raises, the draft goes and `path` stays as it was. Who writes one
    path at once does so in turn; the last one wins. UserError where the disk is full or
    may not be written.
    """
    draft = path.with_name(f".{path.stem}.draft{path.suffix}")
    with naming_file(path, draft):
        lock = owners.hold_file(draft)
    try:
        with naming_file(path, draft):
            yield draft
            draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        owners.release(lock)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, beside `folder`, which it replaces at the end.

    As `replacing` does for files.
    """
    draft = folder.with_name(folder.name + ".draft")
    with naming_file(folder, draft):
        lock = owners.hold_folder(draft)
    try:
        _empty(draft)
        with naming_file(folder, draft):
            yield draft
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        owners.release(lock)


def clear_drafts(folder: Path) -> None:
    """Remove the drafts of files in `folder`, which the caller owns."""
    for draft in folder.glob(".*.draft*"):
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, the whole or nothing."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


def update_by_file(digest: Any, file: Path) -> None:
    """Add the bytes of `file` to a digest; it may be larger than memory."""
    with file.open("rb") as content:
        hashlib.file_digest(content, lambda: digest)


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
