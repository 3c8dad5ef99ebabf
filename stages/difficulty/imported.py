"""Pass rates that a source recorded, in the spellings that published sets have.

0.375, "3/8", "3 of 8", "37.5%", true, a list of any of these, and counts of samples
that were right or that failed. What is none of them, or contradicts what the recipe
says of the field, gives no rate: it is null and counted on stderr. A wrong rate would
cut the wrong problems, and nobody would see it.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, Literal, NamedTuple

import polars as pl
from pydantic import Field, PositiveInt

from pipeline.rows import nested, read_json
from pipeline.settings import Settings

FRACTION = re.compile(r"(\d{1,9})\s*(?:/|of|out of)\s*(\d{1,9})")
ROUNDING = 1e-6  # a mean of floats may be a little above 1
BOOLEANS = {"true": True, "false": False}


class Imported(Settings):
    """A rate in the rows' `meta`; of a list, its mean, first or last value counts.

    `field` is a path: `model_difficulty.Qwen-7B` is a field of a field. With `out_of`
    the values are counts of so many samples, or percent; `sense: failure` says that
    they are of how often a problem was failed.
    """

    field: str
    source: str = ""  # empty: any source that has the field
    take: Literal["mean", "first", "last"] = "mean"
    out_of: PositiveInt | Literal["percent"] | None = None
    sense: Literal["success", "failure"] = "success"
    samples: int = Field(default=0, ge=0)  # of a rate that does not say so itself


class Rate(NamedTuple):
    """A share, and of how many samples it is; 0 where nobody says."""

    share: float
    samples: int


def import_rates(rows: pl.DataFrame, of: Imported) -> pl.DataFrame:
    """Fill n_samples, n_correct, pass_rate and rate_from where nothing was sampled."""
    is_open = rows.select(is_from(of.source) & pl.col("pass_rate").is_null())
    recorded = [
        (id, nested(meta, of.field))
        for id, meta, wanted in zip(rows["id"], rows["meta"], *is_open, strict=True)
        if wanted
    ]
    read = {id: read_rates(value, of) for id, value in recorded}
    if of.out_of is None and any(map(_is_count, _parts_of_all(recorded))):
        # A 1 beside a 5 is one sample, and no rate of 1.
        read = {id: None if _has_number(value) else read[id] for id, value in recorded}
    _report(recorded, read, of)
    rates = [(id, *_take(its, of)) for id, its in read.items() if its]
    names = {"id": pl.String, "_share": pl.Float64, "_samples": pl.UInt32}
    table = pl.DataFrame(rates, schema=names, orient="row")
    rows = rows.join(table, on="id", how="left", maintain_order="left")
    share, samples = pl.col("_share"), pl.col("_samples")
    columns = {
        "n_samples": samples,
        "n_correct": (share * samples).round().cast(pl.UInt32),
        "pass_rate": share,
        "rate_from": pl.lit(f"imported:{of.field}"),
    }
    return rows.with_columns(
        pl.when(share.is_not_null()).then(value).otherwise(name).alias(name)
        for name, value in columns.items()
    ).drop("_share", "_samples")


def read_curves(rows: pl.DataFrame, field: str) -> pl.Series:
    """The accuracies (list of float64) in a field of `meta`, empty where none are."""
    read = [
        read_rates(nested(meta, field), Imported(field=field)) for meta in rows["meta"]
    ]
    shares = [[rate.share for rate in rates or ()] for rates in read]
    return pl.Series(shares, dtype=pl.List(pl.Float64))


def is_from(source: str) -> pl.Expr:
    """Whether a row is of `source`; every row is where it is empty."""
    return pl.col("source") == source if source else pl.lit(value=True)


def read_rates(value: Any, of: Imported) -> list[Rate] | None:
    """The rates that a value stands for, none where it is empty; None for no rates."""
    rates = [_read(part, of) for part in _parts(value)]
    return None if None in rates else [rate for rate in rates if rate]


def _parts(value: Any) -> list[Any]:
    """The values of a list, without samples that nobody judged; one value is a list."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = read_json(value.lower(), otherwise=value)  # Python writes True
    values = value if isinstance(value, list) else [value]
    return [part for part in values if part is not None]


def _read(value: Any, of: Imported) -> Rate | None:
    """One spelling of a rate; None for what is no rate, or contradicts `of`."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if match := FRACTION.fullmatch(text):
        right, samples = map(int, match.groups())
        fits = right <= samples > 0 and of.out_of in (None, samples)
        return Rate(right / samples, samples) if fits else None
    value = BOOLEANS.get(text, value)
    if isinstance(value, bool):
        return Rate(float(value), 1) if of.out_of is None else None
    number = _number(text.removesuffix("%") or value)
    is_percent = text.endswith("%") or of.out_of == "percent"
    if number is None or (is_percent and isinstance(of.out_of, int)):
        return None
    if isinstance(of.out_of, int):
        fits = number.is_integer() and 0 <= number <= of.out_of
        return Rate(number / of.out_of, of.samples or of.out_of) if fits else None
    share = number / 100 if is_percent else number
    fits = -ROUNDING <= share <= 1 + ROUNDING
    return Rate(min(max(share, 0.0), 1.0), of.samples) if fits else None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return number if isfinite(number) else None


def _take(rates: list[Rate], of: Imported) -> tuple[float, int]:
    """(share of right samples, samples) of the rates that count."""
    chosen = {"mean": rates, "first": rates[:1], "last": rates[-1:]}[of.take]
    share = sum(rate.share for rate in chosen) / len(chosen)
    samples = sum(rate.samples for rate in chosen)
    return (1 - share if of.sense == "failure" else share), samples


def _parts_of_all(recorded: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    return (part for _, value in recorded for part in _parts(value))


def _has_number(value: Any) -> bool:
    return any(_plain(part) is not None for part in _parts(value))


def _is_count(part: Any) -> bool:
    return (_plain(part) or 0) > 1 + ROUNDING


def _plain(part: Any) -> float | None:
    """The number that a part is, without a sign that says of what."""
    return None if isinstance(part, bool) else _number(part)


def _report(
    recorded: list[tuple[str, Any]], read: dict[str, list[Rate] | None], of: Imported
) -> None:
    """Say on stderr how many values are no rates."""
    odd = [(id, value) for id, value in recorded if read[id] is None]
    if not odd:
        return
    hint = ""
    if of.out_of is None and any(map(_is_count, _parts_of_all(odd))):
        hint = "; are they counts or percent? say `out_of`"
    id, value = odd[0]
    print(
        f"difficulty: {len(odd):,} of {len(recorded):,} values of meta.{of.field} are "
        f"no rates, such as {value!r:.80} ({id}){hint}",
        file=sys.stderr,
    )
