"""What a disk that is full, or may not be written, looks like to its user.

Every library has exceptions of its own for that, with the words of the system inside
them; so those words decide.
"""

import errno
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import IO

from pipeline.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
LARGE = (errno.EFBIG,)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)
FOLDER = (errno.EISDIR,)
ABSENT = (errno.ENOENT,)  # as /proc and the like say where nothing can be made
# Variables that name a folder to write in, with what it is where they are not set.
VARIABLES = {
    "GOLDSIEVE_CACHE": ".cache",
    "TMPDIR": "",
    "NUMBA_CACHE_DIR": "",
    "HF_HUB_CACHE": "",
    "HF_DATASETS_CACHE": "",
    "HF_HOME": "",
    "XDG_CACHE_HOME": "",
}
# With more room than that, it is another disk that is full.
ROOM = 64 << 20
MB = 1e6


@contextmanager
def naming_file(path: Path, draft: Path | None = None) -> Iterator[None]:
    """UserError for a disk that refuses what the block writes to `path`.

    It has the bytes that were written, to `draft` where there is one, and the room that
    is left. Any other exception stays what it is.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if refusal := explain_refusal(error, path, draft):
            raise refusal from error
        raise


def explain_refusal(
    error: Exception, path: Path, draft: Path | None = None
) -> UserError | None:
    """What the disk had against `path`; None where the error is about something else.

    `draft` is what was written to instead.
    """
    draft = draft or path
    code = _find_code(error)
    free = _free_bytes(path)
    if not _is_about(error, path, draft) or (code in FULL and free > ROOM):
        return None
    is_in_the_way = code in (errno.ENOTDIR, errno.EEXIST) and path.is_file()
    above = path if is_in_the_way else find_above(path.parent)
    hint = f"{above} must be a folder to write in"
    if choice := find_choice(path):
        hint += f"; {choice} names another"
    why = os.strerror(code)
    if code in FULL:
        why += f": {_size(draft) / MB:,.1f} MB of it were written, and in "
        why += f"{_folder(path)} {free / MB:,.1f} MB are free"
        room = f"{choice} names another disk; or " if choice else ""
        hint = f"{room}make room and run again: what was finished before is kept"
    elif code in LARGE:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        why += f": a file of this process may have {most / MB:,.1f} MB"
        hint = "`ulimit -f` shows that limit"
    elif code in FOLDER:
        hint = "name a file that is not there yet"
    elif code in ABSENT:
        if not _cannot_be_made(error, path, draft):
            return None
    elif code not in FORBIDDEN:
        return None
    return UserError(f"{path} cannot be written: {why}", hint=hint)


def find_choice(path: Path) -> str:
    """The option of the command line, or the variable, that chose where `path` is."""
    words = [part for word in sys.argv[1:] for part in word.split("=", 1)]
    for option, value in pairwise(words):
        if option.startswith("--") and _holds(value, path):
            return option
    named = ((name, os.environ.get(name) or usual) for name, usual in VARIABLES.items())
    return next((name for name, folder in named if _holds(folder, path)), "")


def find_unwritable() -> Iterator[str]:
    """A sentence for each variable whose folder cannot be made or written."""
    for name in VARIABLES:
        if value := os.environ.get(name):
            try:
                above = find_above(Path(value).expanduser())
                os.rmdir(tempfile.mkdtemp(prefix="goldsieve-", dir=above))
            except OSError as error:
                why = os.strerror(error.errno or 0)
                yield f"{name}={value} is no folder to write in: {why}; name another"


def open_temporary() -> IO[bytes]:
    """A file without a name in TMPDIR; where Python takes another, that is told."""
    _tell_refused(os.environ.get("TMPDIR", ""), tempfile.gettempdir())
    return tempfile.TemporaryFile(prefix="goldsieve-")


@cache
def _tell_refused(asked: str, taken: str) -> None:
    if asked and os.path.abspath(asked) != taken:
        why = "is no folder to write in"
        print(f"TMPDIR={asked} {why}: {taken} is used", file=sys.stderr)


def find_above(path: Path) -> Path:
    """`path`, or the deepest above it that is there."""
    whole = path.absolute()
    return next(each for each in (whole, *whole.parents) if each.exists())


def _holds(folder: str, path: Path) -> bool:
    above = Path(folder).expanduser().absolute()
    return bool(folder) and path.absolute().is_relative_to(above)


def _cannot_be_made(error: Exception, path: Path, draft: Path) -> bool:
    """Whether what is absent was to be made, in a folder that is there."""
    if not (name := getattr(error, "filename", None)):
        return False
    named = Path(os.fsdecode(name))
    is_ours = path.is_relative_to(named) or draft.is_relative_to(named)
    return is_ours and not named.exists() and named.absolute().parent.exists()


def _find_code(error: Exception) -> int:
    """The number of the system's error, by the exception or by its words; 0 if none.

    Words about rights are none: they may be about what is read.
    """
    if isinstance(error, OSError) and error.errno:
        return error.errno
    codes = (*FULL, *LARGE, errno.EROFS)
    return next((code for code in codes if os.strerror(code) in str(error)), 0)


def _is_about(error: Exception, path: Path, draft: Path) -> bool:
    """Whether the file that the exception names, if any, has to do with `path`."""
    if not isinstance(error, OSError) or error.filename is None:
        return True
    named = Path(os.fsdecode(error.filename))
    return path.is_relative_to(named) or named.is_relative_to(draft.parent)


def _size(draft: Path) -> int:
    """Bytes of a file, or of all in a folder."""
    files = draft.rglob("*") if draft.is_dir() else [draft]
    return sum(file.stat().st_size for file in files if file.is_file())


def _folder(path: Path) -> Path:
    """The deepest folder above `path` that is there."""
    return next(each for each in path.absolute().parents if each.is_dir())


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(_folder(path)).free
