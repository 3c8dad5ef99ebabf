"""What the three dedup stages leave of the copies in public sets of problems.

    python benchmarks/bench_missed.py --show 20

Of the rows that stay, each two with one answer and much the same words (the cosine of
TF-IDF vectors of words, numbers and signs, up to three in a row) are counted: most of
them are siblings from 0.6 on, and copies or siblings with one answer from 0.9 on.
`--show` prints so many of them, by chance, with what differs: to be read by eye.
"""

import argparse
import re
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import polars as pl
from pools import data
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.filter import run_stage
from stages import dedup_embedding, dedup_exact, dedup_ngram
from stages.sources._load import read_source
from stages.sources._source import Source
from tests.pipeline.test_lineage import PUBLIC

STAGES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (dedup_exact, {}),
    (dedup_ngram, {"n": 3, "threshold": 0.8}),
    (dedup_embedding, {"encoder": "static", "threshold": 0.95}),
)
FROM = (0.9, 0.8, 0.7, 0.6)
AT_ONCE = 1000
TOKEN = re.compile(r"\\?[A-Za-z]+|\d+|\S")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, default=0, help="so many pairs")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows, table = read_public(), Table("stage", "dropped", "kept")
    for stage, params in STAGES:
        outcome = run_stage(stage, rows, stage.Params(**params))
        rows = outcome.kept
        name = stage.__name__.removeprefix("stages.")
        table.add_row(name, f"{outcome.dropped.height:,}", f"{rows.height:,}")
    pairs = find_similar(rows)
    for least in FROM:
        left = pairs.filter(pl.col("cosine") >= least).height
        table.add_row(f"pairs left from {least}", "", f"{left:,}")
    console = Console()
    console.print(table)
    shown = pairs.sample(min(args.show, pairs.height), seed=args.seed)
    for row in shown.sort("cosine", descending=True).iter_rows(named=True):
        said = describe(row["problem"], row["problem_other"])
        console.print(f"{row['cosine']:.2f} {row['id']} {row['id_other']}: {said}")


def read_public() -> pl.DataFrame:
    """The rows of the public sets, one behind the other."""
    folder = data()
    sources = {
        name: Source(**of | {"path": str(folder / of["path"])})
        for name, of in PUBLIC.items()
    }
    return pl.concat([read_source(*source).kept for source in sources.items()])


def find_similar(rows: pl.DataFrame) -> pl.DataFrame:
    """(id, problem, id_other, problem_other, cosine): pairs with the same answer."""
    answers = rows["answer"].str.replace_all(r"[\s$\\,{}]", "")
    rows = rows.select("id", "problem", answer=answers).filter(pl.col("answer") != "")
    vectors = TfidfVectorizer(
        analyzer="word",
        token_pattern=r"[a-z]+|\d+|[^\w\s]",
        ngram_range=(1, 3),
        min_df=2,
        max_df=2000,  # words of more problems say nothing
        sublinear_tf=True,
        dtype=np.float32,
    ).fit_transform(rows["problem"].str.to_lowercase().to_list())
    others, found = vectors.T.tocsr(), []
    for begin in range(0, rows.height, AT_ONCE):
        near = (vectors[begin : begin + AT_ONCE] @ others).tocoo()
        later = (near.data >= min(FROM)) & (near.row + begin < near.col)
        parts = near.row[later] + begin, near.col[later], near.data[later]
        found.append(pl.DataFrame(parts, schema=["first", "second", "cosine"]))
    pairs, rows = pl.concat(found), rows.with_row_index("row")
    rows = rows.cast({"row": pairs.schema["first"]})
    pairs = pairs.join(rows, left_on="first", right_on="row")
    pairs = pairs.join(rows, left_on="second", right_on="row", suffix="_other")
    return pairs.filter(pl.col("answer") == pl.col("answer_other"))


def describe(text: str, other: str) -> str:
    """What stands in the place of what: "calculate > find"."""
    tokens, others = TOKEN.findall(text), TOKEN.findall(other)
    steps = SequenceMatcher(None, tokens, others, autojunk=False).get_opcodes()
    return "; ".join(
        f"{' '.join(tokens[i:j])[:60]} > {' '.join(others[k:last])[:60]}"
        for what, i, j, k, last in steps
        if what != "equal"
    )


if __name__ == "__main__":
    main()
