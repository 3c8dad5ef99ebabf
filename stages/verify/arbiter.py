"""A model is asked who is right where the samples contradict the key.

It judges both answers by one rubric, each alone and without being told where it
comes from. Only if it holds one to be right and the other to be wrong has it
decided; else the key stays suspect.
"""

import polars as pl

from pipeline.endpoint.client import client
from pipeline.verifiers.judge import Case, Judge, verify_all

RUBRIC = (
    "The final answer of the RESPONSE is the right answer to the QUESTION. "
    "Solve the QUESTION before you judge."
)


def opinions(suspects: pl.DataFrame, arbiter: Judge) -> pl.Series:
    """Of each row: true where the majority is right, false where the key is.

    Null where the arbiter holds both or neither to be right, or has no verdict.
    """
    cases = [
        Case(None, f"The answer is {said}.", {"problem": problem, "rubric": RUBRIC})
        for said in ("majority_answer", "answer")
        for problem, said in suspects.select("problem", said).rows()
    ]
    if not cases:
        return pl.Series([], dtype=pl.Boolean)
    with client(arbiter.endpoint) as ask:
        said = [verdict.correct for verdict in verify_all(cases, arbiter, ask)]
    half = suspects.height
    decided: dict[tuple[bool | None, bool | None], bool] = {
        (True, False): True,
        (False, True): False,
    }
    return pl.Series(
        [decided.get(pair) for pair in zip(said[:half], said[half:], strict=True)],
        dtype=pl.Boolean,
    )
