"""What two runs or two published sets are compared by: rows, why they left, verdicts.

A problem is known by its `key`, what it says, and a completion by its text, whatever
they are called on either side. Completions are read piece by piece and kept as digests.
"""

from collections.abc import Iterable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from pipeline import dag
from pipeline.errors import UserError
from pipeline.published.configs import Config, read_configs
from pipeline.published.folder import RECIPE
from pipeline.shards import read_batches

ROWS = pl.Schema(dict.fromkeys(("key", "id", "source"), pl.String()))
LOST = pl.Schema(
    {
        **dict.fromkeys(
            ("key", "id", "source", "stage", "reason", "twin"), pl.String()
        ),
        "score": pl.Float32(),
    }
)
JUDGED = pl.Schema(
    {
        **dict.fromkeys(("key", "id", "model"), pl.String()),
        "sample": pl.Int32(),
        "correct": pl.Boolean(),
        **dict.fromkeys(("answer", "extracted", "why"), pl.String()),
        "n_tokens": pl.Int32(),
        "finish_reason": pl.String(),
    }
)


@dataclass(frozen=True)
class Side:
    """A set: its rows, those that left in the order of the stages, its samples.

    `samples` are JUDGED with `text`, a digest of the completion.
    """

    kept: pl.DataFrame
    lost: pl.DataFrame
    samples: pl.DataFrame

    @property
    def collected(self) -> int:
        return self.kept.height + self.lost.height


def read_side(place: Path) -> Side:
    """The set in a folder: a project that has run, or what `publish` wrote.

    UserError where it is neither.
    """
    if (place / RECIPE).exists():
        return _gather(_read_published(place))
    if (place / dag.FILE).exists():
        with chdir(place):
            return _gather(read_configs())
    raise UserError(
        f"{place} holds neither a project ({dag.FILE}) nor a published set ({RECIPE})",
        hint="name two folders, or sets of the Hub as ORG/NAME",
    )


def _read_published(place: Path) -> Iterator[Config]:
    for name, schema in (("kept", ROWS), ("dropped", LOST)):
        yield Config(name, schema, _read_files(place / name, list(schema)))
    columns = [*JUDGED, "completion"]
    yield Config("grades", JUDGED, _read_files(place / "grades", columns))


def _read_files(folder: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
    files = sorted(folder.glob("*.parquet"))
    return chain.from_iterable(read_batches(file, columns) for file in files)


def _gather(configs: Iterable[Config]) -> Side:
    parts: dict[str, list[pl.DataFrame]] = {
        "kept": [ROWS.to_frame()],
        "dropped": [LOST.to_frame()],
        "grades": [JUDGED.to_frame().with_columns(text=pl.lit(None, pl.UInt64))],
    }
    for config in configs:
        if config.name in parts:
            columns = parts[config.name][0].columns
            for piece in config.pieces:
                if config.name == "grades":
                    piece = piece.with_columns(text=pl.col("completion").hash())
                parts[config.name].append(piece.select(columns))
    return Side(*(pl.concat(tables) for tables in parts.values()))
