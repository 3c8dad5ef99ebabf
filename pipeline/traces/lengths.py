"""How long the problems and the traces of a set are, in tokens of a named tokenizer.

Lengths of different sets can be compared where one tokenizer counts all of them. What
a sampling model counted of its own completions cannot, so they are counted anew.
"""

import numpy as np
import polars as pl

from pipeline.console import track
from pipeline.schema import REFERENCE_AUTHORS
from pipeline.traces.tokens import Pinned, token_counter

TEXTS = pl.Schema({"set": pl.String(), "kind": pl.String(), "text": pl.String()})
LENGTHS = pl.Schema(
    {
        "set": pl.String(),
        "kind": pl.String(),  # problem or trace
        "texts": pl.Int64(),
        "counted": pl.Int64(),  # of these
        "median": pl.Int64(),
        "p90": pl.Int64(),
        "max": pl.Int64(),
    }
)
GROUP = ["set", "kind"]
PART = 100  # texts between two looks at the clock
BINS = 48  # of lengths, each a constant factor wide


def gather_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """TEXTS of a table with `set` and one or more of `problem`, `trace`, `solutions`.

    Of solutions in our schema those that a model wrote are traces. Texts that are empty
    are left out, and a problem counts once in its set.
    """
    parts = [TEXTS.to_frame()]
    if "problem" in rows.columns:
        problems = rows.select("set", text="problem").unique(maintain_order=True)
        parts.append(_of_kind(problems, "problem"))
    if "trace" in rows.columns:
        traces = rows.select("set", text="trace")
        is_list = isinstance(traces.schema["text"], pl.List)
        parts.append(_of_kind(traces.explode("text") if is_list else traces, "trace"))
    if isinstance(rows.schema.get("solutions"), pl.List):
        solutions = rows.select("set", "solutions").explode("solutions")
        solutions = solutions.drop_nulls("solutions").unnest("solutions")
        by_model = ~pl.col("model").is_in(REFERENCE_AUTHORS)
        parts.append(
            _of_kind(solutions.filter(by_model).select("set", "text"), "trace")
        )
    return pl.concat(parts)


def measure_lengths(
    texts: pl.DataFrame, tokenizer: Pinned, *, most: int
) -> pl.DataFrame:
    """(set, kind, n_tokens) of texts; of each set and kind `most`, evenly spread.

    `texts` are TEXTS. UserError where the tokenizer cannot be had.
    """
    number, count = pl.int_range(pl.len()).over(GROUP), pl.len().over(GROUP)
    # Whether another step of count / most begins at this text.
    begins = number * most // count != (number - 1) * most // count
    chosen = texts.filter((count <= most) | begins)
    count_tokens = token_counter(tokenizer)
    parts = track(
        chosen["text"].to_frame().iter_slices(PART),
        "counting tokens, texts",
        total=chosen.height,
        weight=lambda part: part.height,
    )
    counts = [count_tokens(part["text"]) for part in parts]
    empty = pl.Series(dtype=pl.Int32)
    return chosen.select(*GROUP, n_tokens=pl.concat([empty, *counts]))


def summarise_lengths(lengths: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """LENGTHS of each set and kind, in the order of the texts."""
    tokens = pl.col("n_tokens")
    counted = lengths.group_by(GROUP).agg(
        counted=pl.len(),
        median=tokens.quantile(0.5, "nearest"),
        p90=tokens.quantile(0.9, "nearest"),
        max=tokens.max(),
    )
    counts = texts.group_by(GROUP, maintain_order=True).agg(texts=pl.len())
    table = counts.join(counted, on=GROUP, how="left", maintain_order="left")
    return table.select(pl.col(name).cast(kind) for name, kind in LENGTHS.items())


def bin_lengths(lengths: pl.DataFrame) -> pl.DataFrame:
    """(set, kind, tokens, texts): texts from `tokens` on, in bins that all sets share.

    The last bin of each ends at the longest text of all, and is named by that end too.
    """
    every = np.maximum(lengths["n_tokens"].to_numpy(), 1)
    if not len(every):
        return pl.DataFrame(schema={"set": pl.String, "kind": pl.String})
    edges = np.geomspace(every.min(), every.max() + 1, BINS + 1)
    # Below a token apart, bins would be empty by turns.
    edges = np.unique(edges.round()).astype(np.int64)
    parts = []
    for (name, kind), part in lengths.group_by(GROUP, maintain_order=True):
        counts, _ = np.histogram(np.maximum(part["n_tokens"].to_numpy(), 1), edges)
        bins = pl.DataFrame({"tokens": edges, "texts": np.append(counts, 0)})
        labels = [pl.lit(name).alias("set"), pl.lit(kind).alias("kind")]
        parts.append(bins.select(*labels, "tokens", "texts"))
    return pl.concat(parts)


def _of_kind(texts: pl.DataFrame, kind: str) -> pl.DataFrame:
    texts = texts.filter(pl.col("text").fill_null("") != "")
    return texts.select("set", pl.lit(kind).alias("kind"), "text")
