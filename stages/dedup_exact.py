"""Drop problems that already appeared, however they are typeset.

Two rows hold the same problem when their keys are equal: `text` is the text with
spaces collapsed, `layout` forgives case too, `latex` (the default) reads the
mathematics: LaTeX layout, case of words, punctuation, quotes, Unicode forms and
brackets that change nothing leave no trace; numbers, operators and brackets that are
needed do. `alphanumeric` is letters and digits alone.

A copy with another answer gets a reason of its own. "Find x." says too little: with
another answer it is another problem.

Published sets often have a row a trace, and the copies of a problem bring different
ones: they join the `solutions` of the row that stays.

Reasons: `exact_duplicate`, `exact_duplicate_other_answer`.
"""

from typing import Literal

import numpy as np
import polars as pl

from pipeline.dedup import survivors
from pipeline.dedup.pairs import Pairs
from pipeline.settings import Settings

COLUMNS = pl.Schema({"other_answers": survivors.COLUMNS["other_answers"]})
READS = ("key", "problem", "answer", "solutions", *survivors.COLUMNS)


class Params(Settings):
    """What must be equal."""

    key: Literal["text", "layout", "latex", "alphanumeric"] = "latex"


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark every row whose key an earlier row has; `twin` is that row."""
    pairs = find_equal_rows(rows, params.key)
    judged = survivors.mark_duplicates(rows, pairs, "exact_duplicate").rows
    judged = _pass_on_solutions(judged)
    # Rows with equal keys are no family: what there is came from another stage.
    return judged if "family" in rows.columns else judged.drop("family")


def _pass_on_solutions(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the solutions of copies with the same answer to the row that stays."""
    column = pl.col("solutions")
    copies = rows.filter(pl.col("reason") == "exact_duplicate", column.list.len() > 0)
    if copies.is_empty():
        return rows
    added = copies.select("solutions", id="twin").explode("solutions")
    added = added.group_by("id", maintain_order=True).agg(_added="solutions")
    joined = pl.concat_list(column.fill_null([]), "_added")
    passed = joined.list.unique(maintain_order=True)
    rows = rows.join(added, on="id", how="left", maintain_order="left")
    passed = pl.when(pl.col("_added").is_null()).then(column).otherwise(passed)
    return rows.with_columns(solutions=passed).drop("_added")


def find_equal_rows(rows: pl.DataFrame, key: str) -> Pairs:
    """Each row with the first of its key, and the first that agrees in the answer."""
    from pipeline.dedup.same_problem import say_much
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, OTHER_ANSWER

    codes = hash_texts(rows["problem"], rows["key"], key)
    answers = answer_codes(rows["answer"])
    first = np.concatenate([_first_equal(codes), _first_equal(codes, answers)])
    second = np.tile(np.arange(rows.height, dtype=np.int32), 2)
    unknown = (answers[first] == 0) | (answers[second] == 0)
    same = unknown | (answers[first] == answers[second])
    relation = np.where(same, COPY, OTHER_ANSWER).astype(np.uint8)
    pairs = Pairs(first, second, np.ones(len(first)), relation=relation)
    is_one_problem = same | say_much(rows["problem"])[first]
    return pairs.take((first != second) & is_one_problem).distinct()


def hash_texts(text: pl.Series, key: pl.Series, kind: str) -> np.ndarray:
    """A uint64 for each text (n,), equal for texts that are the same."""
    if kind == "latex":
        return _hash_mathematics(text, key)
    text = text.fill_null("")
    match kind:
        case "text":
            text = key
        case "layout":
            text = text.str.to_lowercase().str.normalize("NFC")
            text = text.str.replace_all(r"\s+", " ").str.strip_chars()
        case "alphanumeric":
            text = text.str.to_lowercase().str.normalize("NFKC")
            text = text.str.replace_all(r"[^\p{L}\p{N}]", "")
    return text.hash().to_numpy()


def _hash_mathematics(text: pl.Series, key: pl.Series) -> np.ndarray:
    """Words, numbers and signs; of texts that agree in these, the case of variables."""
    from pipeline.dedup.same_problem import hash_variables
    from pipeline.kernels.hashing import STEP
    from pipeline.kernels.shards import map_threads, split_shards

    # Shard by shard: the tokens of a pool take more room than its texts.
    shards = list(map_threads(_hash_shard, split_shards(text)))
    codes = np.concatenate([np.zeros(0, np.uint64), *(codes for codes, _ in shards)])
    unread = np.concatenate([np.zeros(0, bool), *(unread for _, unread in shards)])
    codes[unread] = key.filter(pl.Series(unread)).hash().to_numpy()
    shared = np.flatnonzero(pl.Series(codes).is_duplicated().to_numpy() & ~unread)
    variables = hash_variables(text.gather(pl.Series(shared, dtype=pl.UInt32)))
    codes[shared] = codes[shared] * STEP + variables
    return np.asarray(codes)


def _hash_shard(text: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """A uint64 for the tokens of each text, and whether it has none (bool)."""
    from pipeline.kernels.latex_tokens import tokenise_shard
    from pipeline.kernels.relations import quantity_hash

    tokens = tokenise_shard(text)
    codes = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, False)
    return codes, np.diff(tokens.ends) == 0


def _first_equal(*hashes: np.ndarray) -> np.ndarray:
    """For each row, the first row that is equal in all `hashes`: int32."""
    from pipeline.kernels.hash_table import group_ids
    from pipeline.kernels.hashing import fmix64

    first = np.zeros(len(hashes[0]), np.int64)
    for values in hashes:
        # Both numbers are below 2^32: no two pairs of them make one key. The table
        # looks at its low bits, so it is mixed, which keeps keys apart.
        number, _ = group_ids(values.astype(np.uint64))
        group, distinct = group_ids(fmix64((first << 32 | number).astype(np.uint64)))
        rows = np.arange(len(values))
        leaders = np.empty(len(distinct), np.int64)
        leaders[group[::-1]] = rows[::-1]  # of equal places the last is written
        first = leaders[group]
    return np.asarray(first, np.int32)
