"""Rules that were published: shared n-grams, equal texts, ratios, cosines.

Each is as its authors ran it; what it cannot see it does not see, which `detects`
says. Sources: s1 and Open-R1 (word 8-grams), DeepSeekMath and NuminaMath (10),
Light-R1 (32, and equal texts without digits), OpenThoughts (ratio 95), DeepScaleR
and NuminaMath (cosines of sentence embeddings).
"""

import numpy as np
import polars as pl

from pipeline.contamination.hits import HITS, Array, hits
from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.published_ngrams import (
    WHITESPACE,
    WORDS,
    find_word_ngrams,
    lowercase_bytes,
    word_ngrams,
)
from pipeline.kernels.shards import map_threads, split_shards

UNITS = {"whitespace": WHITESPACE, "word": WORDS}


def ngram(
    texts: pl.Series, items: pl.Series, *, n: int, unit: str, min_hits: int
) -> pl.DataFrame:
    """Texts that share `min_hits` n-grams with an item: the item they share most with.

    As published, texts are lower-cased and parted at whitespace. An item of fewer
    than n words has no n-gram.
    """
    keys, ends = word_ngrams(*lowercase_bytes(items), n, UNITS[unit])
    place, distinct = hash_table.group_ids(keys)
    table = hash_table.build_table(distinct)
    owner = np.repeat(np.arange(len(items)), np.diff(ends))
    named = (place * len(items) + owner).astype(np.uint64)
    held = np.sort(hash_table.group_ids(named)[1]).astype(np.int64)
    held = np.stack(np.divmod(held, len(items)), 1)
    stops = np.concatenate(
        [[0], np.cumsum(np.bincount(held[:, 0], minlength=len(distinct)))]
    )
    holders = held[:, 1].astype(np.int32)
    sizes = np.maximum(np.bincount(held[:, 1], minlength=len(items)), 1.0)
    ones = np.ones(len(distinct))

    def scan(part: pl.Series) -> tuple[Array, Array, Array, Array, Array]:
        data, offsets = lowercase_bytes(part)
        grams, stop, begin, end = find_word_ngrams(data, offsets, n, UNITS[unit], table)
        row, item, share = item_overlap.find_candidates(
            grams, stop, holders, stops, ones, sizes, 0.0
        )
        enough = np.round(share * sizes[item]) >= min_hits
        row, item, share = row[enough], item[enough], share[enough]
        best = np.lexsort((item, -share, row))
        best = best[np.unique(row[best], return_index=True)[1]]
        return row[best], item[best], share[best], begin[row[best]], end[row[best]]

    made, start = [HITS.to_frame()], 0
    for part, (row, item, share, begin, end) in zip(
        split_shards(texts), map_threads(scan, split_shards(texts)), strict=True
    ):
        data, offsets = lowercase_bytes(part.gather(pl.Series(row, dtype=pl.UInt32)))
        span = pl.Series(
            [
                data[one:other].tobytes().decode(errors="replace").strip()
                for one, other in zip(
                    offsets[:-1] + begin, offsets[:-1] + end, strict=True
                )
            ],
            dtype=pl.String,
        )
        made.append(hits(row + start, item, level="near", score=share, span=span))
        start += len(part)
    return pl.concat(made)


def normalized(texts: pl.Series, items: pl.Series) -> pl.DataFrame:
    """Texts that equal an item once all but letters is gone, digits too."""

    def bare(column: pl.Series, name: str) -> pl.DataFrame:
        made = column.fill_null("").str.to_lowercase().str.replace_all(r"[^\w]|\d", "")
        return pl.DataFrame({"bare": made}).with_row_index(name)

    known = bare(items, "item").filter(pl.col("bare") != "")
    known = known.unique("bare", keep="first", maintain_order=True)
    found = bare(texts, "text").join(
        known, on="bare", how="inner", maintain_order="left"
    )
    return hits(
        found["text"].to_numpy(),
        found["item"].to_numpy(),
        level="near",
        score=1.0,
        span=texts.gather(found["text"]),
        item_span=items.gather(found["item"]),
    )


def fuzzy(texts: pl.Series, items: pl.Series, *, threshold: float) -> pl.DataFrame:
    """Texts whose rapidfuzz ratio (0 to 1) with an item reaches `threshold`."""
    from pipeline.dedup.ngrams import ratio_pairs

    both = pl.concat([items.fill_null(""), texts.fill_null("")])
    pairs = ratio_pairs(both.to_list(), threshold, apart=len(items))
    return hits(pairs.second - len(items), pairs.first, level="near", score=pairs.score)


def substring(
    texts: pl.Series, items: pl.Series, *, min_tokens: int, max_tokens: int
) -> pl.DataFrame:
    """Texts that hold the whole of an item, word for word (Unicode letters, digits)."""
    keys = _whole_items(items, min_tokens, max_tokens)
    if not keys:
        return HITS.to_frame()
    heads, head_ends = word_ngrams(*lowercase_bytes(items), min_tokens, WORDS)
    first = head_ends[:-1][np.diff(head_ends) > 0]
    begun = hash_table.build_table(hash_table.group_ids(heads[first])[1])
    tables = {size: hash_table.build_table(known) for size, (known, _) in keys.items()}

    def scan(part: pl.Series) -> tuple[Array, Array]:
        # Few texts hold the first words of an item; only they are read on.
        _, stop, _, _ = find_word_ngrams(
            *lowercase_bytes(part), min_tokens, WORDS, begun
        )
        some = np.flatnonzero(np.diff(stop) > 0)
        few = lowercase_bytes(part.gather(pl.Series(some, dtype=pl.UInt32)))
        rows, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for size, table in tables.items():
            place, stop, _, _ = find_word_ngrams(*few, size, WORDS, table)
            rows.append(np.repeat(some, np.diff(stop)))
            found.append(keys[size][1][place.astype(np.int64)])
        return np.concatenate(rows), np.concatenate(found)

    made, start = [HITS.to_frame()], 0
    scans = map_threads(scan, split_shards(texts))
    for part, (row, item) in zip(split_shards(texts), scans, strict=True):
        pairs = np.unique(np.stack([row, item], 1), axis=0)
        span = items.gather(pl.Series(pairs[:, 1], dtype=pl.UInt32))
        made.append(
            hits(pairs[:, 0] + start, pairs[:, 1], level="exact", score=1.0, span=span)
        )
        start += len(part)
    return pl.concat(made)


def _whole_items(
    items: pl.Series, min_tokens: int, max_tokens: int
) -> dict[int, tuple[Array, Array]]:
    """By number of words: the n-gram that an item is, and the first such item."""
    keys: dict[int, tuple[Array, Array]] = {}
    _, ends = word_ngrams(*lowercase_bytes(items), 1, WORDS)
    sizes = np.diff(ends)
    for size in np.unique(sizes[(sizes >= min_tokens) & (sizes <= max_tokens)]):
        some = np.flatnonzero(sizes == size)
        few = items.gather(pl.Series(some, dtype=pl.UInt32))
        grams, _ = word_ngrams(*lowercase_bytes(few), int(size), WORDS)
        distinct, first = np.unique(grams, return_index=True)
        keys[int(size)] = distinct, some[first]
    return keys
