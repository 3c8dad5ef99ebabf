"""LIMR: problems, and how much training on each of them taught (its impact score).

The published selection is score >= 0.6. Scores are joined by the problem's text;
a problem that was not scored has none.
"""

from collections.abc import Iterator

from pipeline.readers import Unreadable, expand, raw_rows
from stages.sources import deepscaler
from stages.sources._fields import Row, is_number


def generate(prompts: str, scores: str) -> Iterator[Row | Unreadable]:
    """The rows of the file `prompts`, each with its score out of `scores`."""
    scored = {
        row.get("prompt"): row.get("score")
        for row in raw_rows(expand(scores))
        if isinstance(row, dict)
    }
    for row in raw_rows(expand(prompts)):
        if isinstance(row, Unreadable):
            yield row
        else:
            yield row | {"score": scored.get(row.get("prompt"))}


def adapt(row: Row) -> Row | str:
    """{"prompt", "answer", "source", "id", "score"?}."""
    fields = deepscaler.adapt(row)
    if isinstance(fields, dict) and is_number(row.get("score")):
        fields["meta"]["impact"] = row["score"]
    return fields
