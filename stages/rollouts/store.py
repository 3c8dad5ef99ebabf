"""Where finished samples wait to be asked for again.

One folder for each way of sampling, named by the digest of all that defines it
(`about.json` says what that was), holding parquet shards of SAMPLE with names of
their own. A shard is written under another name and renamed when it is whole, so
a kill leaves no half of one, and two processes on one folder never meet in a
file. What they both sampled counts once: the first by name, which begins with the
time. Small shards are merged when a run begins.
"""

import fcntl
import json
import os
import sys
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from pipeline.errors import UserError
from pipeline.machine import cache_folder
from pipeline.schema import ROLLOUT, missing

SAMPLE = pl.Schema(
    {
        name: ROLLOUT[name]
        for name in ("key", "sample", "completion", "n_tokens", "finish_reason", "seed")
    }
)

MANY = 64  # shards, from which on they are merged
LARGE = 256 << 20  # bytes of a merged one
TRIES = 20


def open_for(identity: dict[str, Any]) -> Path:
    """The folder of samples that are drawn as `identity` says."""
    about = json.dumps(identity, indent=2, sort_keys=True)
    name = blake2b(about.encode(), digest_size=16).hexdigest()
    folder = cache_folder("rollouts") / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "about.json").write_text(about + "\n")
    return folder


def index(folder: Path) -> pl.DataFrame:
    """(key, sample) of all that is there; shards that cannot be read are set aside."""
    empty = SAMPLE.to_frame().select("key", "sample")
    for _ in range(TRIES):
        with suppress(FileNotFoundError):  # another process merges shards
            parts = [_read(shard, empty.columns) for shard in shards(folder)]
            return pl.concat([empty, *parts]).unique(maintain_order=True)
    raise _unsteady(folder)


def load(folder: Path, keys: list[str], *, samples: int) -> pl.DataFrame:
    """The first `samples` samples of each of `keys`."""
    wanted = pl.col("key").is_in(sorted(set(keys))) & (pl.col("sample") < samples)
    for _ in range(TRIES):
        files = shards(folder)
        if not files:
            return SAMPLE.to_frame()
        try:
            table = pl.scan_parquet(files).filter(wanted).collect()
        except (FileNotFoundError, pl.exceptions.PolarsError) as error:
            _set_damaged_aside(files, error)
            continue
        return table.unique(["key", "sample"], keep="first", maintain_order=True)
    raise _unsteady(folder)


def _set_damaged_aside(files: list[Path], error: Exception) -> None:
    """Find what is damaged inside, which an index does not see; UserError if it is."""
    for shard in files:
        with suppress(FileNotFoundError):
            if _read(shard, SAMPLE.names()).is_empty():
                raise UserError(
                    f"rollouts: {shard.name} was damaged",
                    hint="run again: what it held is sampled again",
                ) from error


def _unsteady(folder: Path) -> UserError:
    return UserError(f"{folder} changes too fast to be read", hint="run it again")


def save(folder: Path, samples: pl.DataFrame) -> None:
    """Add a shard: whole, or not at all."""
    _write(folder / f"{time.time_ns():020d}-{uuid4().hex[:12]}.parquet", samples)


def compact(folder: Path) -> None:
    """Merge small shards where there are many, one process at a time.

    A merged shard is written before its parts go, so that a kill loses nothing;
    it takes the place of its first part, so that the first sample stays the first.
    """
    files = shards(folder)
    if len(files) < MANY:
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        with suppress(FileNotFoundError):  # set aside meanwhile: another time
            for group in _groups(files):
                _merge(group)


def _merge(group: list[Path]) -> None:
    parts = [_read(shard, SAMPLE.names()) for shard in group]
    whole = pl.concat(parts).unique(
        ["key", "sample"], keep="first", maintain_order=True
    )
    target = group[0].with_stem(f"{group[0].stem.removesuffix('-all')}-all")
    _write(target, whole)
    for shard in group:
        if shard != target:
            shard.unlink(missing_ok=True)


def _groups(files: list[Path]) -> list[list[Path]]:
    """Neighbours of LARGE bytes at most, two or more."""
    groups: list[list[Path]] = [[]]
    total = 0
    for shard in files:
        size = shard.stat().st_size
        total += size
        if total > LARGE:
            groups.append([])
            total = size
        groups[-1].append(shard)
    return [group for group in groups if len(group) > 1]


def _write(path: Path, samples: pl.DataFrame) -> None:
    # Not a draft of `files.replacing`: readers would take one that ends in .parquet.
    draft = path.with_name(f"{uuid4().hex}.draft")
    samples.write_parquet(draft)
    with draft.open("rb") as written:  # a power cut must not leave an empty shard
        os.fsync(written.fileno())
    draft.rename(path)


def shards(folder: Path) -> list[Path]:
    """The files of samples, in the order in which they count."""
    return sorted(folder.glob("*.parquet"))


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
