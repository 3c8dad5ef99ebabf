"""The columns of what is counted in words: apart, for counting needs the kernels."""

import polars as pl

REPETITION = pl.Schema(
    {
        "n_words": pl.UInt32(),
        "loop_words": pl.UInt32(),
        "loop_times": pl.UInt32(),
        "repeated_share": pl.Float32(),
        "frequent_ngrams": pl.UInt32(),
    }
)
LANGUAGE = pl.Schema(
    {
        "main_script": pl.String(),
        "n_scripts": pl.UInt32(),
        "mixed_share": pl.Float32(),
    }
)
