"""Whether a model can be asked at all: a toy model speaks few words.

A model that was trained on little says so in `words.txt` beside its weights. Asked
anything else it answers nonsense, every problem leaves as never solved, and nothing
tells why. So a source whose problems are mostly written in other words stops the run.
"""

from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.models import Model

WORDS = "words.txt"
SPOKEN = "reasoning-gym"  # an origin whose tasks draw words from whole books
MOST = 0.5  # of a source's problems


def refuse_foreign(rows: pl.DataFrame, model: Model) -> None:
    """UserError where `model` lists its words and a source is written in others."""
    file = Path(model.load, WORDS)
    if model.kind == "hub" or not file.exists():
        return
    known = file.read_text(encoding="utf-8").split()
    words = pl.col("problem").str.to_lowercase().str.extract_all(r"[^\W\d_]+")
    unknown = words.list.set_difference(known)
    sources = (
        rows.filter(~pl.col("origin").list.contains(SPOKEN))
        .with_columns(unknown=unknown.list.sort())
        .with_columns(is_foreign=pl.col("unknown").list.len() > 0)
        .group_by("source", maintain_order=True)
        .agg(
            pl.len(),
            pl.col("is_foreign").sum().alias("foreign"),
            pl.col("id", "unknown").filter("is_foreign").first(),
        )
        .filter(pl.col("foreign") > MOST * pl.col("len"))
    )
    for source, count, foreign, example, others in sources.iter_rows():
        raise UserError(
            f"{model.name} is a toy and speaks only the demo's generators: "
            f"{foreign:,} of {count:,} problems of {source} have words that it never "
            f"saw ({example}: {', '.join(others[:3])})",
            hint="sample a real model: `model: {kind: packaged}`, which needs no Hub, "
            "or `model: {kind: hub, repo: …, revision: …}`",
        )
