"""Rows that say the same, however they are typeset: which is the first of each.

Texts become hashes, a shard at a time, which meet by what they are, and only rows that
share one are looked at any further. `stages/dedup_exact.py` tells what each key
forgives.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl

from pipeline.cluster.each import ready
from pipeline.cluster.shuffle import PARTITION, shuffle
from pipeline.dedup.pairs import Pairs
from pipeline.dedup.programs import hash_programs
from pipeline.dedup.respellings import may_misread
from pipeline.dedup.same_problem import hash_variables, say_much
from pipeline.kernels.answer_codes import answer_codes
from pipeline.kernels.hash_table import first_equal
from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_tokens import tokenise_shard
from pipeline.kernels.relations import COPY, OTHER_ANSWER, quantity_hash
from pipeline.kernels.shards import map_threads, split_shards

BYTES = 1_000_000  # of a shard: each thread keeps what reading one takes
ENTRIES = 1 << 23  # hashes of a partition, about: 13 bytes each
# A row, what its text says, and whether that was read from the mathematics in it.
HASH = pl.Schema({"row": pl.UInt32, "code": pl.UInt64, "is_read": pl.Boolean})


def find_equal_rows(rows: pl.DataFrame, key: str) -> Pairs:
    """Each row with the first of its key, and the first that agrees in the answer."""
    shared = _find_shared(rows, key)
    row, code = shared["row"], shared["code"].to_numpy(writable=True)
    text = rows["problem"].gather(row)
    is_read = shared["is_read"].to_numpy()
    code[is_read] = code[is_read] * STEP + hash_variables(text.filter(is_read))
    for said in hash_programs(text.filter(is_read)).T:
        code[is_read] = code[is_read] * STEP + said
    answers = answer_codes(rows["answer"].gather(row))
    first = np.concatenate([_first_equal(code), _first_equal(code, answers)])
    second = np.tile(np.arange(len(row), dtype=np.int32), 2)
    unknown = (answers[first] == 0) | (answers[second] == 0)
    same = unknown | (answers[first] == answers[second])
    relation = np.where(same, COPY, OTHER_ANSWER).astype(np.uint8)
    # "Find x." says too little: the answer has to vouch for it, or its every letter.
    keys = rows["key"].gather(row)
    vouched = same & ~unknown
    vouched |= unknown & (keys[first] == keys[second]).to_numpy()
    stays = (first != second) & (vouched | say_much(text)[first])
    asked = ~same | (unknown & (keys[first] != keys[second]).to_numpy())
    stays[asked] &= ~may_misread(text, first[asked], second[asked])
    number = row.to_numpy().astype(np.int32)
    first, second = number[first[stays]], number[second[stays]]
    score = np.ones(len(first))
    return Pairs(first, second, score, relation=relation[stays]).distinct()


def _find_shared(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """HASH of the rows whose code another row has, in order."""
    partitions = 1 + rows.height // ENTRIES
    spread = ready(partial(_hash_shard, key, partitions))
    shards = _split(rows["problem"], rows["key"])
    met = shuffle(spread, shards, _meet, partitions=partitions, by=map_threads)
    return pl.concat([HASH.to_frame(), *met]).sort("row")


def _split(text: pl.Series, key: pl.Series) -> Iterator[tuple[int, pl.DataFrame]]:
    """Shards (text, key), and the number of the first row of each."""
    start = 0
    for shard in split_shards(text, BYTES):
        size = len(shard)
        yield start, pl.DataFrame({"text": shard, "key": key.slice(start, size)})
        start += size


def _hash_shard(
    key: str, partitions: int, shard: tuple[int, pl.DataFrame]
) -> pl.DataFrame:
    """HASH of a shard and its partition: texts that are the same have one code."""
    start, table = shard
    text, is_read = table["text"], np.zeros(table.height, bool)
    if key == "latex":
        tokens = tokenise_shard(text)
        codes = quantity_hash(tokens.codes, tokens.kinds, tokens.ends, True, False)
        is_read = np.diff(tokens.ends) > 0
        codes[~is_read] = table["key"].filter(pl.Series(~is_read)).hash().to_numpy()
    else:
        codes = _normalise(text.fill_null(""), table["key"], key).hash().to_numpy()
    row = np.arange(start, start + table.height)
    return pl.DataFrame(
        {"row": row, "code": codes, "is_read": is_read}, schema_overrides=HASH
    ).with_columns(partition=(pl.col("code") % partitions).cast(PARTITION))


def _normalise(text: pl.Series, key: pl.Series, kind: str) -> pl.Series:
    match kind:
        case "text":
            return key
        case "layout":
            text = text.str.to_lowercase().str.normalize("NFC")
            return text.str.replace_all(r"\s+", " ").str.strip_chars()
    text = text.str.to_lowercase().str.normalize("NFKC")
    return text.str.replace_all(r"[^\p{L}\p{N}]", "")


def _meet(rows: pl.DataFrame) -> pl.DataFrame:
    """Those of the rows of a partition whose code another has."""
    return rows.filter(pl.col("code").is_duplicated())


def _first_equal(*hashes: np.ndarray) -> np.ndarray:
    """For each row, the first row that is equal in all `hashes`: int32."""
    first = np.zeros(len(hashes[0]), np.uint64)
    for values in hashes:
        # Both places are below 2^32: no two pairs of them make one key. The table
        # looks at its low bits, so it is mixed, which keeps keys apart.
        place = first_equal(values.astype(np.uint64)).astype(np.uint64)
        first = first_equal(fmix64(first << np.uint64(32) | place)).astype(np.uint64)
    return first.astype(np.int32)
