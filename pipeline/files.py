"""Files that are written whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft to write, beside `path`, with its suffix; it replaces `path` at the end.

    Where the block raises, the draft goes and `path` stays as it was. Processes and
    threads that write one path at once have drafts of their own; the last one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = f"{os.getpid()}-{threading.get_ident()}"
    draft = path.with_name(f".{path.stem}.{writer}.draft{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, the whole or nothing."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
