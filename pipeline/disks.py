"""What a disk that is full, or may not be written, looks like to its user.

Every library has exceptions of its own for that, with the words of the system inside
them; so those words decide.
"""

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
LARGE = (errno.EFBIG,)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)
FOLDER = (errno.EISDIR,)
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
    above = next(each for each in path.absolute().parents if each.exists())
    hint = f"{above} must be a folder to write in"
    why = os.strerror(code)
    if code in FULL:
        why += f": {_size(draft) / MB:,.1f} MB of it were written, and in "
        why += f"{_folder(path)} {free / MB:,.1f} MB are free"
        hint = "make room and run again: what was finished before is kept"
    elif code in LARGE:
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        why += f": a file of this process may have {most / MB:,.1f} MB"
        hint = "`ulimit -f` shows that limit"
    elif code in FOLDER:
        hint = "name a file that is not there yet"
    elif code not in FORBIDDEN:
        return None
    return UserError(f"{path} cannot be written: {why}", hint=hint)


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
