"""Verdicts that were given before, one file for each verifier, shared by runs.

A verdict is known by what it rests on: the verifier, the gold answer, the row's details
and the completion. Its file is named after the code that made it: the files of ours
that the verifier imports, and the versions of the libraries that they import. So new
code never repeats an old verdict, and a change of one verifier loses no other's. Only
final verdicts are kept: what a time limit cut short, or a machine could not run, is
judged anew.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from pipeline.closure import LOADED, ROOT, VERIFIERS, code_digest
from pipeline.kept import changing, open_database
from pipeline.machine import cache_folder
from pipeline.verifiers.contract import Verdict, load_verifier

# Verdicts that may be others on another day.
PASSING = re.compile(
    r"timeout|too much output|exit code (?:-|1[2-5]\d)|judge|verifier_(?:error|died)"
)
# Two threads of one process that parse at once end in a SystemError (Python 3.11).
_parsing = Lock()
TABLE = """create table if not exists verdicts (
    key blob primary key, correct integer, extracted text, why text not null, score real
) without rowid"""


class Verdicts:
    """Kept verdicts of one verifier; safe to be used by several processes at once.

    They lie in `folder`, which is `verdicts` in the cache where none is given. Raises
    UserError where no verifier is called so.
    """

    def __init__(self, verifier: str, folder: Path | None = None) -> None:
        folder = folder or cache_folder("verdicts")
        self._lock = Lock()
        file = folder / f"{verifier}-{verifier_digest(verifier)}.sqlite"
        self._db = open_database(file, TABLE)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Verdict]:
        """The verdicts that there are for `keys`, of which SQLite takes 32,766."""
        marks = ",".join("?" * len(keys))
        query = f"select * from verdicts where key in ({marks})"
        with self._lock:
            rows = self._db.execute(query, keys).fetchall()
        return {
            name: Verdict(None if correct is None else bool(correct), *others)
            for name, correct, *others in rows
        }

    def keep(self, verdicts: Iterable[tuple[bytes, Verdict]]) -> None:
        """Add verdicts, all of them or none; what was there stays."""
        rows = [
            (name, v.correct, v.extracted, v.why, v.score)
            for name, v in verdicts
            if is_final(v)
        ]
        add = "insert or ignore into verdicts values (?, ?, ?, ?, ?)"
        with self._lock, changing(self._db):
            self._db.executemany(add, rows)

    def close(self) -> None:
        self._db.close()


def key(*rests_on: str | None) -> bytes:
    """16 bytes for what a verdict rests on; None and "" differ.

    Raises UnicodeEncodeError where a text holds half a surrogate pair.
    """
    sizes = [-1 if part is None else len(part) for part in rests_on]
    whole = f"{sizes}{''.join([part or '' for part in rests_on])}"
    return blake2b(whole.encode(), digest_size=16).digest()


def is_final(verdict: Verdict) -> bool:
    """Whether the verdict would be the same on another day."""
    return not PASSING.search(verdict.why)


@cache
def verifier_digest(verifier: str) -> str:
    """The digest of the code that one verifier rests on; UserError if there is none."""
    file = Path(load_verifier(verifier).__file__ or "").relative_to(ROOT)
    # That verifiers are loaded by name does not make them rest on each other.
    loaded = [each for each in LOADED if each not in VERIFIERS]
    files = file, file.parent / "details" / file.name
    with _parsing:
        digests = "".join(code_digest(each, loaded=loaded) for each in files)
    return blake2b(digests.encode(), digest_size=8).hexdigest()
