"""Which published schema a file is in: each adapter reads its first rows.

A schema is that of the file where its adapter makes of as many rows something that can
be judged, and uses more of their columns than a renaming of columns would.
"""

import json
from importlib import import_module
from typing import Any, NamedTuple

from pipeline.cli.guess_answers import READABLE, TRIED, is_read
from pipeline.cli.guess_completions import Name
from pipeline.readers import Row


class Reading(NamedTuple):
    """What an adapter makes of a file.

    `share` of its rows can be judged, by `verifier`, which has `details` such as tests
    or options. `columns` of the file are looked at; `refusal` is why no row is read.
    """

    adapter: str
    share: float
    verifier: str | None
    has_details: bool
    columns: tuple[str, ...]
    refusal: str


class Noted(dict[str, Any]):
    """A row that notes which of its columns are looked at."""

    def __init__(self, row: Row, seen: set[str]) -> None:
        super().__init__(row)
        self.seen = seen

    def __or__(self, other: Any) -> "Noted":  # type: ignore[override]
        return Noted({**self, **other}, self.seen)

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)


def find_adapter(
    rows: list[Row],
    generic: Reading,
    *,
    is_math: bool,
    needs_details: bool,
    has_pattern: bool,
    columns: dict[str, Name],
    own: dict[str, dict[str, Name]],
) -> Reading:
    """The reading of another adapter where it is the file's own, or else `generic`.

    One that judges as `generic` does has to use more columns, or as many as it where it
    `has_pattern`; one with details as many, whatever judges by them; any other has to
    read clearly more rows. `columns` is what all are told, and `own` what one is.
    """
    others = [
        read_as(name, rows, columns=columns | own.get(name, {})) for name in _adapters()
    ]
    slack = 1 - READABLE
    better = [
        other
        for other in others
        if (other.has_details or not needs_details)
        and (
            other.share > generic.share + slack
            or (
                other.share >= max(generic.share - slack, slack)
                and len(other.columns)
                > len(generic.columns) - (has_pattern or other.has_details)
                and (other.has_details or (is_math and other.verifier == "math"))
            )
        )
    ]
    return max(
        better,
        key=lambda other: (
            other.share >= READABLE, other.has_details, len(other.columns), other.share
        ),
        default=generic,
    )  # fmt: skip


def read_as(adapter: str, rows: list[Row], **settings: Any) -> Reading:
    """What an adapter makes of the first of `rows` under these settings of a source."""
    source = import_module("stages.sources._source").Source
    adapt_batch = import_module("stages.sources._adapt").adapt_batch
    made = source(adapter=adapter, path="-", **settings)
    seen = set[str]()
    stored = [(n, ("", Noted(row, seen))) for n, row in enumerate(rows[:TRIED])]
    try:
        problems, refused = adapt_batch("a", made, {}, stored)
    except Exception:  # a schema that is not this file's
        return Reading(adapter, 0.0, None, False, (), "not its schema")
    golds = problems.select("verifier", "answer", "verify_info").rows()
    verifiers = problems["verifier"].drop_nulls()
    own = dict.fromkeys(name for row in rows[:TRIED] for name in row)
    return Reading(
        adapter,
        sum(is_read(*gold) for gold in golds) / len(stored),
        verifiers.mode().sort().first() if verifiers.len() else None,
        sum(info != "{}" for *_, info in golds) * 2 > len(golds),
        tuple(name for name in own if name in seen),
        "" if golds else json.loads(refused[0]["evidence"])["detail"],
    )


def _adapters() -> list[str]:
    """Those that read files; the names of the others are not of this world."""
    load = import_module("stages.sources._load")
    names = sorted(file.stem for file in load.SOURCES.glob("[a-z]*.py"))
    modules = {name: load.load_adapter(name) for name in names if name != "generic"}
    return [name for name, module in modules.items() if hasattr(module, "adapt")
            and not hasattr(module, "generate")]  # fmt: skip
