"""Rows that say the same, however they are typeset: which is the first of each.

Texts become hashes, a shard at a time, and only these are compared.
`stages/dedup_exact.py` tells what each key forgives.
"""

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Pairs
from pipeline.dedup.same_problem import hash_variables, say_much
from pipeline.kernels.answer_codes import answer_codes
from pipeline.kernels.hash_table import group_ids
from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_tokens import tokenise_shard
from pipeline.kernels.relations import COPY, OTHER_ANSWER, quantity_hash
from pipeline.kernels.shards import map_threads, split_shards


def find_equal_rows(rows: pl.DataFrame, key: str) -> Pairs:
    """Each row with the first of its key, and the first that agrees in the answer."""
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
    tokens = tokenise_shard(text)
    codes = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, False)
    return codes, np.diff(tokens.ends) == 0


def _first_equal(*hashes: np.ndarray) -> np.ndarray:
    """For each row, the first row that is equal in all `hashes`: int32."""
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
