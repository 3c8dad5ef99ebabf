"""What contamination leaves behind: columns of the rows, evidence, tables to read."""

import polars as pl

from pipeline.contamination.hits import LEVELS

HIT = pl.Struct(
    {
        "method": pl.String,
        "field": pl.String,  # problem, solutions or rollouts
        "benchmark": pl.String,
        "item": pl.String,
        "level": pl.String,
        "score": pl.Float32,
        "span": pl.String,
        "item_span": pl.String,
        "same_answer": pl.Boolean,
    }
)
# What `annotate` adds to the rows.
COLUMNS = pl.Schema(
    {
        "contamination": pl.List(HIT),
        "overlap": pl.Float32(),
        "overlap_item": pl.String(),
        "overlap_level": pl.String(),
    }
)
PAIRS = pl.Schema(
    {
        "id": pl.String,
        "source": pl.String,
        "method": pl.String,
        "field": pl.String,
        "benchmark": pl.String,
        "item": pl.String,
        "level": pl.String,
        "score": pl.Float32,
        "dropped": pl.Boolean,
        "same_answer": pl.Boolean,
        "text": pl.String,  # the span stands between ⟦ and ⟧
        "item_text": pl.String,
        "answer": pl.String,
        "item_answer": pl.String,
    }
)
BENCHMARKS = pl.Schema(
    {
        "benchmark": pl.String,
        "source": pl.String,
        "items": pl.UInt32,
        "items_hit": pl.UInt32,
        "items_undetectable": pl.UInt32,
        "rows_dropped": pl.UInt32,
        **{f"rows_{level}": pl.UInt32 for level in LEVELS},
        "highest_left_in": pl.Float32,
    }
)
UNDETECTABLE = pl.Schema(
    {
        "method": pl.String,
        "benchmark": pl.String,
        "item": pl.String,
        "reason": pl.String,  # too_short, no_rare_content
        "item_text": pl.String,
        "item_answer": pl.String,
    }
)
TABLES = {"pairs": PAIRS, "benchmarks": BENCHMARKS, "undetectable": UNDETECTABLE}


def spread(values: pl.DataFrame, height: int) -> pl.DataFrame:
    """`values`, whose column `row` is distinct, for each of `height` rows, or null."""
    rows = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    table = rows.join(values, on="row", how="left", maintain_order="left")
    return table.drop("row")


def annotate(
    rows: pl.DataFrame, hits: pl.DataFrame, worst: pl.DataFrame
) -> pl.DataFrame:
    """Rows with COLUMNS: all `hits` of each, and its `worst` one."""
    fields = [field.name for field in HIT.fields]
    lists = hits.group_by("row", maintain_order=True).agg(
        contamination=pl.struct(fields).cast(HIT)
    )
    summary = worst.select(
        "row",
        overlap="score",
        overlap_item="item",
        overlap_level=pl.col("level").cast(pl.String),
    )
    parts = [spread(values, rows.height) for values in (lists, summary)]
    return pl.concat([rows, *parts], how="horizontal")


def evidence(worst: pl.DataFrame, height: int) -> pl.Expr:
    """A JSON of each row's worst hit: benchmark, method, field, level, spans."""
    names = (
        "benchmark", "method", "field", "level", "span", "item_span", "same_answer"
    )  # fmt: skip
    hit = pl.struct(*names).struct.json_encode()
    return pl.lit(spread(worst.select("row", evidence=hit), height)["evidence"])


def pair_table(hits: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """PAIRS of hits; `rows` has the columns id, source, answer and dropped."""
    pairs = pl.concat([hits, rows[hits["row"]]], how="horizontal").with_columns(
        text=_mark_spans(hits["text"], hits["span"]),
        item_text=_mark_spans(hits["item_text"], hits["item_span"]),
    )
    return pairs.select(PAIRS.names()).cast(PAIRS)


def _mark_spans(texts: pl.Series, spans: pl.Series) -> pl.Series:
    """Texts with their span between ⟦ and ⟧, where it stands in them as it is."""
    return pl.Series(
        [
            text.replace(span, f"⟦{span}⟧", 1) if text and span else text
            for text, span in zip(texts.to_list(), spans.to_list(), strict=True)
        ],
        dtype=pl.String,
    )


def count_by_benchmark(
    worst: pl.DataFrame,
    rows: pl.DataFrame,
    items: pl.DataFrame,
    undetectable: pl.DataFrame,
) -> pl.DataFrame:
    """BENCHMARKS: the worst hits of rows; `rows` has the columns source and dropped."""
    sizes = items.group_by("benchmark", maintain_order=True).agg(
        items=pl.len(),
        items_undetectable=pl.col("id").is_in(undetectable["item"].to_list()).sum(),
    )
    level, dropped = pl.col("level"), pl.col("dropped")
    hits = pl.concat(
        [worst, rows.select("source", "dropped")[worst["row"]]], how="horizontal"
    )
    counts = hits.group_by("benchmark", "source", maintain_order=True).agg(
        items_hit=pl.col("item").filter(level != "boilerplate").n_unique(),
        rows_dropped=dropped.sum(),
        **{f"rows_{name}": (level == name).sum() for name in LEVELS},
        highest_left_in=pl.col("score").filter(~dropped).max(),
    )
    table = sizes.join(counts, on="benchmark", how="left", maintain_order="left")
    table = table.with_columns(pl.col(pl.UInt32).fill_null(0))
    table = table.select(BENCHMARKS.names()).cast(BENCHMARKS)
    return table.sort("benchmark", "source", maintain_order=True)
