"""What was found, told: columns of the rows, the evidence, tables to read."""

import polars as pl

from pipeline.contamination.hits import LEVELS
from pipeline.contamination.methods import Methods, detects

FOUND = pl.Struct(
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
        "rows_dropped": pl.UInt32,
        "rows_exact": pl.UInt32,
        "rows_near": pl.UInt32,
        "rows_sibling": pl.UInt32,
        "rows_boilerplate": pl.UInt32,
        "highest_left_in": pl.Float32,
    }
)
DETECTABLE = pl.Schema(
    {
        "benchmark": pl.String,
        "method": pl.String,
        "items": pl.UInt32,
        "detectable": pl.UInt32,
    }
)
# What `annotated` adds to the rows.
COLUMNS = pl.Schema(
    {
        "contamination": pl.List(FOUND),
        "overlap": pl.Float32(),
        "overlap_item": pl.String(),
        "overlap_level": pl.String(),
    }
)
TABLES = {"pairs": PAIRS, "benchmarks": BENCHMARKS, "detectable": DETECTABLE}


def named(
    found: pl.DataFrame, texts: pl.DataFrame, rows: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """Hits with the row, its field, and the names of item and benchmark."""
    there = texts.select("row", "field", "text")[found["text"]]
    item = items.select("id", "benchmark", "problem", "answer")[found["item"]]
    return found.rename({"item": "item_row", "text": "text_row"}).with_columns(
        row=there["row"],
        field=there["field"],
        text=there["text"],
        item=item["id"],
        benchmark=item["benchmark"],
        item_text=item["problem"],
        item_answer=item["answer"],
    )


def closest(found: pl.DataFrame) -> pl.DataFrame:
    """The worst hit of each row, over all methods and fields."""
    order = pl.Enum(LEVELS)
    return found.sort(
        "row", pl.col("level").cast(order), pl.col("score").neg(), maintain_order=True
    ).unique("row", keep="first", maintain_order=True)


def annotated(
    rows: pl.DataFrame, found: pl.DataFrame, worst: pl.DataFrame
) -> pl.DataFrame:
    """Rows with contamination, overlap, overlap_item and overlap_level."""
    names = [field.name for field in FOUND.fields]
    told = found.group_by("row", maintain_order=True).agg(
        contamination=pl.struct(names).cast(FOUND)
    )
    short = worst.select(
        "row",
        overlap=pl.col("score").cast(pl.Float32),
        overlap_item="item",
        overlap_level="level",
    )
    rows = rows.with_row_index("row")
    for table in (told, short):
        rows = rows.join(table, on="row", how="left", maintain_order="left")
    return rows.drop("row")


def evidence(rows: pl.DataFrame, worst: pl.DataFrame) -> pl.Expr:
    """A JSON of each row's worst hit: benchmark, method, field, level, spans."""
    told = worst.select(
        "row",
        said=pl.struct(
            "benchmark", "method", "field", "level", "span", "item_span", "same_answer"
        ).struct.json_encode(),
    )
    table = rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))
    return pl.lit(table.join(told, on="row", how="left", maintain_order="left")["said"])


def tables(
    rows: pl.DataFrame,
    found: pl.DataFrame,
    worst: pl.DataFrame,
    items: pl.DataFrame,
    methods: tuple[str, ...],
    settings: Methods,
) -> dict[str, pl.DataFrame]:
    """Pairs side by side, counts by benchmark and source, what can be seen."""
    about = rows.select(
        "id", "source", "answer", dropped=pl.col("reason").is_not_null()
    )
    about = about.with_row_index("row")
    return {
        "pairs": pairs(found.filter(pl.col("level") != "boilerplate"), about),
        "benchmarks": _benchmarks(worst, about, items),
        "detectable": _detectable(items, methods, settings),
    }


def pairs(found: pl.DataFrame, about: pl.DataFrame) -> pl.DataFrame:
    """PAIRS of hits; `about` has row, id, source, answer and dropped."""
    told = found.join(about, on="row", how="left", maintain_order="left")
    told = told.with_columns(
        text=_marked(told["text"], told["span"]),
        item_text=_marked(told["item_text"], told["item_span"]),
    )
    return told.select(PAIRS.names()).cast(PAIRS)


def _marked(texts: pl.Series, spans: pl.Series) -> pl.Series:
    """Texts with their span between ⟦ and ⟧, where it stands in them as it is."""
    return pl.Series(
        [
            text.replace(span, f"⟦{span}⟧", 1) if text and span else text
            for text, span in zip(texts, spans, strict=True)
        ],
        dtype=pl.String,
    )


def _benchmarks(
    worst: pl.DataFrame, about: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    sizes = items.group_by("benchmark", maintain_order=True).agg(items=pl.len())
    told = worst.join(about, on="row", how="left", maintain_order="left")
    level, dropped = pl.col("level"), pl.col("dropped")
    counted = told.group_by("benchmark", "source", maintain_order=True).agg(
        items_hit=pl.col("item").filter(level != "boilerplate").n_unique(),
        rows_dropped=dropped.sum(),
        **{f"rows_{name}": (level == name).sum() for name in LEVELS},
        highest_left_in=pl.col("score").filter(~dropped).max(),
    )
    whole = sizes.join(counted, on="benchmark", how="left", maintain_order="left")
    return whole.select(
        pl.col(name).fill_null(0).cast(kind)
        if kind == pl.UInt32
        else pl.col(name).cast(kind)
        for name, kind in BENCHMARKS.items()
    ).sort("benchmark", "source", maintain_order=True)


def _detectable(
    items: pl.DataFrame, methods: tuple[str, ...], settings: Methods
) -> pl.DataFrame:
    seen = [
        items.select(
            "benchmark",
            method=pl.lit(method),
            seen=pl.Series(
                detects(items["problem"], method, settings), dtype=pl.Boolean
            ),
        )
        for method in methods
    ]
    if not seen or not items.height:
        return DETECTABLE.to_frame()
    counted = pl.concat(seen).group_by("benchmark", "method", maintain_order=True)
    return counted.agg(items=pl.len(), detectable=pl.col("seen").sum()).cast(DETECTABLE)
