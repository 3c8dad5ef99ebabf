"""Where finished samples wait to be asked for again.

One folder for each way of sampling, named by the digest of all that defines it
(`about.json` says what that was), holding parquet shards of SAMPLE. One process at a
time adds to it; others may read. A sample that is there twice counts once: the first by
the shard's name, which begins with the time. Small shards are merged before new ones
are added.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import polars as pl

from pipeline.errors import UserError
from pipeline.files import clear_drafts, replacing, write_text
from pipeline.machine import cache_folder
from pipeline.owners import owning
from pipeline.schema import ROLLOUT, missing
from pipeline.shards import deal, read_batches

SAMPLE = pl.Schema(
    {
        name: ROLLOUT[name]
        for name in ("key", "sample", "completion", "n_tokens", "finish_reason", "seed")
    }
)

KEY = pl.col("key")
MANY = 64  # shards, from which on they are merged
LARGE = 64 << 20  # bytes of a merged one, about; as many are in memory to merge them
TRIES = 20
SPEED, MOMENT_S = "speed.json", 1.0

Result = TypeVar("Result")


def open_for(identity: dict[str, Any]) -> Path:
    """The folder of samples that are drawn as `identity` says."""
    folder = folder_of(identity)
    if not (folder / "about.json").exists():
        write_text(folder / "about.json", _about(identity) + "\n")
    return folder


def folder_of(identity: dict[str, Any]) -> Path:
    """Where that folder is, or would be."""
    name = blake2b(_about(identity).encode(), digest_size=16).hexdigest()
    return cache_folder("rollouts") / name


def _about(identity: dict[str, Any]) -> str:
    return json.dumps(identity, indent=2, sort_keys=True)


def note_speed(folder: Path, tokens: int, seconds: float) -> None:
    """Keep how fast samples were drawn; a run of moments says nothing of that."""
    if tokens and seconds > MOMENT_S:
        write_text(folder / SPEED, json.dumps({"tokens": tokens, "seconds": seconds}))


def read_speed(folder: Path) -> float | None:
    """Tokens a second of the last run that drew samples; None before the first."""
    if not (folder / SPEED).exists():
        return None
    last = json.loads((folder / SPEED).read_text("utf-8"))
    return float(last["tokens"] / last["seconds"])


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """Be the only one to add samples to `folder` while the block runs."""
    with owning(folder):
        clear_drafts(folder)
        compact(folder)
        yield


def index(folder: Path, key: pl.Expr = KEY) -> pl.DataFrame:
    """(key, sample) of all that is there; shards that cannot be read are set aside.

    Keys may have other names, as `key` says; those that it leaves null are left out.
    """
    empty = SAMPLE.to_frame().select("key", "sample")

    def read(files: list[Path]) -> pl.DataFrame:
        tables = (_read(shard, empty.columns) for shard in files)
        parts = [table.select(key, "sample").drop_nulls() for table in tables]
        named = empty.select(key, "sample")
        return pl.concat([named, *parts]).unique(maintain_order=True)

    return _read_steady(folder, read)


def load(folder: Path, keys: list[str], *, samples: int) -> pl.DataFrame:
    """The first `samples` samples of each of `keys`; see `load_parts`."""
    return next(load_parts(folder, [keys], samples=samples))


def load_parts(
    folder: Path, parts: list[list[str]], *, samples: int
) -> Iterator[pl.DataFrame]:
    """The first `samples` samples of the keys of each part, in one pass over the store.

    UserError where a shard is damaged inside, which an index does not see.
    """

    def read(files: list[Path]) -> Iterator[pl.DataFrame]:
        batches = (batch for file in files for batch in _read_samples(file))
        first = (batch.filter(pl.col("sample") < samples) for batch in batches)
        return deal(first, parts, SAMPLE)

    return map(_distinct, _read_steady(folder, read))


def _read_samples(shard: Path) -> Iterator[pl.DataFrame]:
    """The samples of a shard, bit by bit; UserError where it is damaged."""
    from pyarrow import ArrowException

    try:
        for batch in read_batches(shard, SAMPLE.names()):
            yield batch.cast(SAMPLE)
    except (ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError) or _read(shard, SAMPLE.names()).height:
            raise
        raise UserError(
            f"rollouts: {shard.name} was damaged",
            hint="run again: what it held is sampled again",
        ) from error


def save(folder: Path, samples: pl.DataFrame) -> None:
    """Add a shard: whole, or not at all."""
    _write(folder, f"{time.time_ns():020d}", samples)


def _write(folder: Path, when: str, samples: pl.DataFrame) -> None:
    with replacing(folder / f"{when}-{uuid4().hex[:12]}.parquet") as draft:
        samples.write_parquet(draft)


def compact(folder: Path) -> None:
    """Merge small shards where there are many; for who owns `folder`.

    A merged shard is there before its parts go, so that a kill loses nothing, and has
    the time of its first part, so that the first sample stays the first. Its name is
    new: a reader that opens a file twice would take one that changed for a broken one.
    """
    sizes = {shard: shard.stat().st_size for shard in shards(folder)}
    if sum(size < LARGE // 2 for size in sizes.values()) < MANY:
        return
    ends = accumulate(sizes.values())
    for _, part in groupby(zip(sizes, ends, strict=True), lambda p: p[1] // LARGE):
        parts = [shard for shard, _ in part]
        if len(parts) > 1:
            tables = [_read(shard, SAMPLE.names()) for shard in parts]
            when = parts[0].name.partition("-")[0]
            _write(folder, when, _distinct(pl.concat(tables)))
            for shard in parts:
                shard.unlink(missing_ok=True)


def shards(folder: Path) -> list[Path]:
    """The files of samples, in the order in which they count."""
    return sorted(folder.glob("[0-9]*.parquet"))


def _distinct(samples: pl.DataFrame) -> pl.DataFrame:
    return samples.unique(["key", "sample"], keep="first", maintain_order=True)


def _read_steady(folder: Path, read: Callable[[list[Path]], Result]) -> Result:
    """`read` of all shards, tried again while another process merges some."""
    for number in range(TRIES):
        with suppress(FileNotFoundError):
            return read(shards(folder))
        time.sleep(number / 100)
    raise UserError(f"{folder} changes too fast to be read", hint="run it again")


def _read(shard: Path, columns: list[str]) -> pl.DataFrame:
    """Columns of a shard; none of a broken one, which is renamed `.broken`."""
    try:
        schema = pl.DataFrame(schema=pl.read_parquet_schema(shard))
        why = ", ".join(missing(schema, SAMPLE))
        if not why:
            return pl.read_parquet(shard, columns=columns)
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        why = str(error).splitlines()[0]
    aside = shard.with_suffix(".broken")
    with suppress(FileNotFoundError):  # another process was faster
        shard.rename(aside)
    print(
        f"rollouts: {shard} cannot be read ({why}). It is now {aside.name}; "
        "what it held is sampled again.",
        file=sys.stderr,
    )
    return SAMPLE.to_frame().select(columns)
