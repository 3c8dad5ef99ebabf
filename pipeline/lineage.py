"""Which source holds the problems of which other, and whether either says so.

Published sets are made of each other, and what stands in two of them is paid for, and
counted, twice. The dedup stages have found the copies: each row that they dropped names
the row that stayed in its place. Rows that come to the same one are one problem, and a
source holds another's problem where both have a row of it.

An overlap is declared where one of the two names the other, or what the other is made
of, among its upstream sets (`origin`). Names match where one begins with the words of
the other: NuminaMath is numinamath_cot too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipeline import dag

LINEAGE = pl.Schema(
    {
        "a": pl.String(),
        "b": pl.String(),
        "problems": pl.Int64(),  # distinct ones of a
        "exact": pl.Int64(),  # of these, in b word for word
        "near": pl.Int64(),  # in b in other words alone
        "contained": pl.Int64(),  # either
        "share": pl.Float64(),
        "declared": pl.Boolean(),
    }
)
Words = tuple[str, ...]


def compare_sources(
    rows: pl.DataFrame, copies: pl.DataFrame, names: Mapping[str, Iterable[str]]
) -> pl.DataFrame:
    """LINEAGE of every pair of sources that have a problem in common.

    `rows` (id, source, origin) are those that dedup saw, and `copies` (id, twin,
    reason) those that it dropped. `names` are further names of a source, by source.
    Sources stand in the order of the rows.
    """
    is_exact = pl.col("reason").str.starts_with("exact_")
    whole = _find_roots(rows["id"], copies)
    exact = _find_roots(rows["id"], copies.filter(is_exact))
    sets = rows.select("source", whole=whole, exact=exact)
    order = pl.Enum(sets["source"].unique(maintain_order=True))
    problems = sets.group_by(a="source").agg(problems=pl.n_unique("whole"))
    contained = _count_common(sets, "whole").rename({"common": "contained"})
    word_for_word = _count_common(sets, "exact").rename({"common": "exact"})
    counts = contained.join(problems, on="a", how="left")
    counts = counts.join(word_for_word, on=["a", "b"], how="left")
    counts = counts.sort(pl.col("a", "b").cast(order))
    counts = counts.with_columns(pl.col("exact").fill_null(0))
    counts = counts.with_columns(
        near=pl.col("contained") - pl.col("exact"),
        share=pl.col("contained") / pl.col("problems"),
        declared=_find_declared(counts, rows, names),
    )
    return counts.select(pl.col(name).cast(kind) for name, kind in LINEAGE.items())


def dedup_stages(chain: Iterable[dag.Stage]) -> list[dag.Stage]:
    """Those of the stages that look for copies, in their order."""
    return [stage for stage in chain if stage.name.startswith("dedup_")]


def source_names(collect: Mapping[str, Any]) -> dict[str, list[str]]:
    """The repository of each source of a recipe that has one, without its owner."""
    return {
        name: [source["repo"].rpartition("/")[2]]
        for name, source in collect.items()
        if isinstance(source, dict) and source.get("repo")
    }


def _find_roots(ids: pl.Series, copies: pl.DataFrame) -> pl.Series:
    """The row that stayed at last in the place of each; its own id for most."""
    twins = copies.select("id", "twin").filter(pl.col("twin").is_in(ids.implode()))
    roots = ids.rename("id").to_frame()
    while True:
        # A row that stayed in one stage may be dropped by a later one.
        step = roots.join(twins, on="id", how="left", maintain_order="left")
        if step["twin"].null_count() == step.height:
            return roots["id"]
        roots = step.select(id=pl.coalesce("twin", "id"))


def _count_common(sets: pl.DataFrame, group: str) -> pl.DataFrame:
    """(a, b, common): problems of a that b has too; rows of one `group` are one."""
    members = sets.select("source", "whole", group=group).unique()
    pairs = members.join(members, on="group", suffix="_b")
    pairs = pairs.filter(pl.col("source") != pl.col("source_b"))
    return pairs.group_by(a="source", b="source_b").agg(common=pl.n_unique("whole"))


def _find_declared(
    pairs: pl.DataFrame, rows: pl.DataFrame, names: Mapping[str, Iterable[str]]
) -> pl.Series:
    """Whether the two sources of each pair have an upstream set in common."""
    upstream = rows.select("source", "origin").explode("origin").drop_nulls().unique()
    origins: dict[str, set[Words]] = {name: set() for name in rows["source"].unique()}
    for source, origin in upstream.iter_rows():
        origins[source].add(_words(origin))
    called = {
        source: {_words(name) for name in (source, *names.get(source, ()))} | declared
        for source, declared in origins.items()
    }
    declared = [
        _have_common(origins[a], called[b]) or _have_common(origins[b], called[a])
        for a, b in pairs.select("a", "b").iter_rows()
    ]
    return pl.Series(declared, dtype=pl.Boolean)


def _have_common(some: set[Words], others: set[Words]) -> bool:
    return any(
        one[: len(other)] == other[: len(one)] for one in some for other in others
    )


def _words(name: str) -> Words:
    return tuple(re.findall(r"[a-z]+|\d+", name.lower()))
