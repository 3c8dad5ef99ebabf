"""Drop problems that already appeared, however they are typeset.

Two rows hold the same problem when their keys are equal: `text` is the text with
spaces collapsed, `layout` forgives case too, `latex` (the default) reads the
mathematics: LaTeX layout, case, punctuation, quotes and Unicode forms leave no
trace, numbers and operators do. `alphanumeric` is letters and digits alone.

A copy with another answer gets a reason of its own. Where only brackets differ,
another answer means another problem, and both stay.

Reasons: `exact_duplicate`, `exact_duplicate_other_answer`.
"""

from typing import Literal

import numpy as np
import polars as pl

from pipeline.dedup import survivors, tables
from pipeline.dedup.pairs import Pairs
from pipeline.filter import Judged
from pipeline.settings import Settings

COLUMNS = pl.Schema({"other_answers": survivors.ANSWERS})
TABLES = {"clusters": tables.CLUSTERS}
REASON = "exact_duplicate"


class Params(Settings):
    """What must be equal, and which of equals survives."""

    key: Literal["text", "layout", "latex", "alphanumeric"] = "latex"
    survivor: survivors.Survivor = "first"


def judge(rows: pl.DataFrame, params: Params) -> Judged:
    """Mark every row whose key an earlier row has; `twin` is that row."""
    order = survivors.order_rows(rows, params.survivor)
    pairs = find_equal_rows(rows, order, params.key)
    judged = survivors.mark_duplicates(
        rows, pairs, REASON, order=order, rules=survivors.MergeRules()
    )
    # No pair is of siblings here that anyone would call a family.
    before = rows.select(pl.col("^family$"))
    judged_rows = judged.rows.drop("family").with_columns(before)
    return Judged(judged_rows, {"clusters": judged.tables["clusters"]})


def find_equal_rows(rows: pl.DataFrame, order: np.ndarray, key: str) -> Pairs:
    """Each row with the first of its key, and the first that agrees in more."""
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING

    loose, strict = hash_texts(rows["problem"], rows["key"], key)
    answers = answer_codes(rows["answer"])
    firsts = [
        _first_equal(order, loose),
        _first_equal(order, loose, strict),
        _first_equal(order, loose, answers),
    ]
    first = np.concatenate(firsts)
    second = np.tile(np.arange(rows.height, dtype=np.int32), len(firsts))
    differ = first != second
    first, second = first[differ], second[differ]
    unknown = (answers[first] == 0) | (answers[second] == 0)
    same = unknown | (answers[first] == answers[second])
    dispute = np.where(strict[first] == strict[second], OTHER_ANSWER, SIBLING)
    relation = np.where(same, COPY, dispute).astype(np.uint8)
    return Pairs(first, second, np.ones(len(first)), relation=relation)


def hash_texts(
    text: pl.Series, key: pl.Series, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """(loose, strict) uint64 (n,) of each text; strict ones tell brackets apart."""
    if kind == "latex":
        from pipeline.kernels.latex_tokens import tokenise
        from pipeline.kernels.relations import quantity_hash

        tokens = tokenise(text)
        read = (tokens.codes, tokens.kinds, tokens.ends)
        loose = quantity_hash(*read, True, False)
        strict = quantity_hash(*read, True, True)
        unread = np.diff(tokens.ends) == 0
        loose[unread] = strict[unread] = key.hash().to_numpy()[unread]
        return loose, strict
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
    code = text.hash().to_numpy()
    return code, code


def _first_equal(order: np.ndarray, *hashes: np.ndarray) -> np.ndarray:
    """For each row, the first row by `order` that is equal in all `hashes`: int32."""
    columns = {f"hash{number}": values for number, values in enumerate(hashes)}
    table = pl.DataFrame(columns).with_row_index("row")[order]
    first = table.select("row", first=pl.col("row").first().over(list(columns)))
    equal = np.empty(len(order), np.int32)
    equal[order] = first["first"].to_numpy()
    return equal
