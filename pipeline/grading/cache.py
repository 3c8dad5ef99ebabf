"""Verdicts that were given before: one file under .cache/verdicts, shared by runs.

A verdict is known by what it rests on: the verifier, the gold answer, the row's
details and the completion. The file is named after the code that judges (ours and
the libraries'), so that new code never repeats an old verdict. Only final verdicts
are kept: what a time limit cut short, or a machine could not run, is asked anew.
"""

import os
import re
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock

from pipeline.verifiers.contract import Verdict

LIBRARIES = ("math-verify", "latex2sympy2_extended", "sympy", "reasoning-gym")
CODE = ("verifiers", "sandbox")  # folders beside this file that make verdicts
ASKED = 500  # keys in one query
# Verdicts that may be others on another day.
PASSING = re.compile(r"timeout|too much output|exit code (?:-|1[2-5]\d)|judge")
BUSY_S = 60


class Verdicts:
    """The verdicts under `folder`; safe to be used by several processes at once."""

    def __init__(self, folder: Path | None = None) -> None:
        cache_ = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "verdicts"
        self._lock = Lock()
        self._db = _opened((folder or cache_) / f"{judging_code()}.sqlite")

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Verdict]:
        """The verdicts that there are for `keys`."""
        found: dict[bytes, Verdict] = {}
        for start in range(0, len(keys), ASKED):
            some = keys[start : start + ASKED]
            marks = ",".join("?" * len(some))
            query = f"select * from verdicts where key in ({marks})"
            with self._lock:
                told = self._db.execute(query, some).fetchall()
            for key, correct, extracted, why, score in told:
                right = None if correct is None else bool(correct)
                found[key] = Verdict(right, _text(extracted), _text(why) or "", score)
        return found

    def keep(self, judged: Iterable[tuple[bytes, Verdict]]) -> None:
        """Add verdicts, all of them or none; what was there stays."""
        rows = [
            (key, v.correct, _bytes(v.extracted), _bytes(v.why), v.score)
            for key, v in judged
            if is_final(v)
        ]
        add = "insert or ignore into verdicts values (?, ?, ?, ?, ?)"
        with self._lock, self._db:
            self._db.executemany(add, rows)

    def close(self) -> None:
        self._db.close()


def key(*rests_on: str | None) -> bytes:
    """16 bytes for what a verdict rests on; None and "" differ."""
    sizes = [-1 if part is None else len(part) for part in rests_on]
    whole = f"{sizes}{''.join([part or '' for part in rests_on])}"
    return blake2b(_bytes(whole) or b"", digest_size=16).digest()


def _bytes(text: str | None) -> bytes | None:
    """UTF-8 that takes halves of surrogate pairs, which models do write."""
    return None if text is None else text.encode(errors="surrogatepass")


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="surrogatepass")


def is_final(verdict: Verdict) -> bool:
    """Whether the verdict would be the same on another day."""
    return not PASSING.search(verdict.why)


@cache
def judging_code() -> str:
    """A name for the code that judges: our files and the libraries' versions."""
    said = blake2b(Path(__file__).read_bytes(), digest_size=8)
    for folder in CODE:
        for file in sorted((Path(__file__).parents[1] / folder).rglob("*.py")):
            said.update(file.read_bytes())
    for name in LIBRARIES:
        try:
            said.update(f"{name}={version(name)}".encode())
        except PackageNotFoundError:
            said.update(name.encode())
    said.update(sys.version.encode())
    return said.hexdigest()


def _opened(file: Path) -> sqlite3.Connection:
    """The table in `file`, or in memory where no file can be written.

    A file that is no database is set aside, and told of.
    """
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(file.parent, os.W_OK):
        file = Path(":memory:")
    for _ in range(2):
        db = sqlite3.connect(file, timeout=BUSY_S, check_same_thread=False)
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            db.execute(
                "create table if not exists verdicts (key blob primary key, "
                "correct integer, extracted blob, why blob not null, score real) "
                "without rowid"
            )
        except sqlite3.DatabaseError as error:
            db.close()
            if isinstance(error, sqlite3.OperationalError):
                raise
            broken = file.with_suffix(".broken")
            file.replace(broken)
            print(f"{file}: {error}; set aside as {broken.name}", file=sys.stderr)
        else:
            return db
    raise AssertionError("a new file is a database")
