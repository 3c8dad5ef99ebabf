"""Drop problems that already appeared, however they are typeset.

Two rows hold the same problem when their keys are equal: `text` is the text with
spaces collapsed, `layout` forgives case too, `latex` (the default) reads the
mathematics: LaTeX layout, case, punctuation, quotes and Unicode forms leave no
trace, numbers and operators do. `alphanumeric` is letters and digits alone.

A copy with another answer gets a reason of its own. Where only brackets differ,
another answer means another problem, and both stay.

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
    """Each row with the first of its key, and the first that agrees in more."""
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, OTHER_ANSWER

    loose, strict = hash_texts(rows["problem"], rows["key"], key)
    answers = answer_codes(rows["answer"])
    firsts = [
        _first_equal(loose),
        _first_equal(loose, strict),
        _first_equal(loose, answers),
    ]
    first = np.concatenate(firsts)
    second = np.tile(np.arange(rows.height, dtype=np.int32), len(firsts))
    unknown = (answers[first] == 0) | (answers[second] == 0)
    same = unknown | (answers[first] == answers[second])
    relation = np.where(same, COPY, OTHER_ANSWER).astype(np.uint8)
    pairs = Pairs(first, second, np.ones(len(first)), relation=relation)
    is_one_problem = same | (strict[first] == strict[second])
    return pairs.take((first != second) & is_one_problem).distinct()


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


def _first_equal(*hashes: np.ndarray) -> np.ndarray:
    """For each row, the first row that is equal in all `hashes`: int32."""
    columns = {f"hash{number}": values for number, values in enumerate(hashes)}
    first = pl.col("row").first().over(list(columns)).cast(pl.Int32)
    table = pl.DataFrame(columns).with_row_index("row")
    return table.select(first).to_series().to_numpy()
