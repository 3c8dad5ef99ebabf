"""Where finished samples wait to be asked for again.

One folder for each way of sampling, named by the digest of all that defines it
(`about.json` says what that was), holding parquet shards of SAMPLE with names of
their own. A shard is written under another name and renamed when it is whole, so
a kill leaves no half of one, and two processes on one folder never meet in a
file. What they both sampled counts once: the first by name.
"""

import json
import os
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from pipeline.schema import ROLLOUT, missing

SAMPLE = pl.Schema(
    {
        name: ROLLOUT[name]
        for name in ("key", "sample", "completion", "n_tokens", "finish_reason", "seed")
    }
)


def open_for(identity: dict[str, Any]) -> Path:
    """The folder of samples that are drawn as `identity` says."""
    about = json.dumps(identity, indent=2, sort_keys=True)
    name = blake2b(about.encode(), digest_size=16).hexdigest()
    folder = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "rollouts" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "about.json").write_text(about + "\n")
    return folder


def index(folder: Path) -> pl.DataFrame:
    """(key, sample) of all that is there; shards that cannot be read are set aside."""
    named = SAMPLE.to_frame().select("key", "sample")
    parts = [shard.select(named.columns) for shard in map(_read, _shards(folder))]
    return pl.concat([named, *parts]).unique(maintain_order=True)


def load(folder: Path, keys: list[str], *, samples: int) -> pl.DataFrame:
    """The first `samples` samples of each of `keys`."""
    shards = _shards(folder)
    if not shards:
        return SAMPLE.to_frame()
    wanted = pl.col("key").is_in(sorted(set(keys))) & (pl.col("sample") < samples)
    found = pl.scan_parquet(shards).filter(wanted).collect()
    return found.unique(["key", "sample"], keep="first", maintain_order=True)


def save(folder: Path, samples: pl.DataFrame) -> None:
    """Add a shard: whole, or not at all."""
    draft = folder / f"{uuid4().hex}.draft"
    samples.write_parquet(draft)
    with draft.open("rb") as written:  # a power cut must not leave an empty shard
        os.fsync(written.fileno())
    draft.rename(draft.with_suffix(".parquet"))


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _read(shard: Path) -> pl.DataFrame:
    """The samples of a shard; none of a broken one, which is renamed `.broken`."""
    try:
        samples = pl.read_parquet(shard)
    except (pl.exceptions.PolarsError, OSError) as error:
        why = str(error).splitlines()[0]
    else:
        why = ", ".join(missing(samples, SAMPLE))
    if not why:
        return samples
    aside = shard.with_suffix(".broken")
    with suppress(FileNotFoundError):  # another process was faster
        shard.rename(aside)
    print(
        f"rollouts: {shard} cannot be read ({why}). It is now {aside.name}; "
        "what it held is sampled again.",
        file=sys.stderr,
    )
    return SAMPLE.to_frame()
