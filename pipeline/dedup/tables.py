"""What the dedup stages add to rows and keep beside them; light to import."""

import polars as pl

# What `mark_duplicates` adds.
COLUMNS = pl.Schema({"family": pl.String(), "other_answers": pl.List(pl.String)})
# Near pairs that both stay.
SAVED = pl.Schema(
    {
        "id": pl.String,
        "other": pl.String,  # the kept row that it was near to
        "similarity": pl.Float32,
        "problem": pl.String,
        "other_problem": pl.String,
        "answer": pl.String,
        "other_answer": pl.String,
    }
)
# How much of what brute force finds a search for near rows found.
RECALL = pl.Schema(
    {
        "sample": pl.UInt32,  # rows that brute force looked at
        "neighboured": pl.UInt32,  # of these have an earlier neighbour
        "row_recall": pl.Float64,  # of these were found to have one
        "pair_recall": pl.Float64,  # of their pairs, crowds thinned, were found
    }
)
TABLES = {"saved": SAVED}
