"""What a recipe says of a source."""

import re
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from pipeline.locations import DataLocation, expand
from pipeline.readers import raw_rows, read_object
from pipeline.settings import Settings
from pipeline.sql import Where
from pipeline.verifiers.details.contract import known_verifiers
from stages.sources._limit import Limit

# What an adapter may say of a row.
ADAPTED = {
    "problem", "answer", "golds", "verifier", "verify_info", "domain", "origin",
    "solutions", "meta",
}  # fmt: skip


class Recording(Settings):
    """What another file says of the rows.

    It has a row for each value of a column that the source has, too, and a second
    column with what it says: `columns` are the two. Without `columns`, it is an object
    whose names are the numbers of the source's rows.
    """

    path: str
    columns: tuple[str, str] | None = None

    def read(self) -> dict[str, Any]:
        """What the file says, by `key`."""
        if self.columns:
            by, value = self.columns
            rows = raw_rows(expand(self.path), self.columns)
            known = (row for row in rows if isinstance(row, dict) and by in row)
            return {str(row[by]): row.get(value) for row in known}
        return read_object(expand(self.path))

    def key(self, number: int, row: Any) -> str:
        """The shared column of a row, or its number, as text."""
        return str(row.get(self.columns[0]) if self.columns else number)


class Source(DataLocation):
    """Where rows come from, or the options of the generator that makes them.

    `columns` maps the names that the adapter reads to the source's own, with dots
    for what is nested, or to several, whose texts are joined; `set` overrides what the
    adapter says of every row; of a field in `pattern` only what its first group matches
    is taken. `teacher` wrote the traces, where no column says who did. `meta` gets the
    source's own fields that `keep` names, and what other files `recorded`. Rows that do
    not fulfil `where` leave, and `limit` draws from those that do.
    """

    KINDS: ClassVar[tuple[str, ...]] = (*DataLocation.KINDS, "generator")
    COLUMNS: ClassVar[tuple[str, ...]] = ("columns", "keep")

    adapter: str = ""
    generator: dict[str, Any] | None = None
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    pattern: dict[Literal["problem", "answer"], re.Pattern[str]] = Field(
        default_factory=dict
    )
    teacher: str = ""
    keep: dict[str, str] = Field(default_factory=dict)
    recorded: dict[str, Recording] = Field(default_factory=dict)
    where: Where = Field(default_factory=dict)
    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None

    @model_validator(mode="after")
    def _names_an_adapter(self) -> "Source":
        if not self.adapter:
            raise ValueError("`adapter` is missing: a file of stages/sources")
        if unknown := self.set.keys() - ADAPTED:
            raise ValueError(f"`set` knows {sorted(ADAPTED)}, not {sorted(unknown)}")
        if self.set.get("verifier") not in (None, *known_verifiers()):
            raise ValueError(f"`set.verifier` is one of {', '.join(known_verifiers())}")
        if self.set.get("golds", "all") not in ("all", "any"):
            raise ValueError("`set.golds` is all or any")
        for name, pattern in self.pattern.items():
            if not pattern.groups:
                raise ValueError(f"pattern.{name} has no group (…) around what counts")
        return self
