"""A model is asked who is right where the samples contradict the key.

It judges both answers by one rubric, each alone and without being told where it
comes from. Only if it holds one to be right and the other to be wrong has it
decided; else the key stays suspect.
"""

from typing import Any

import polars as pl

from pipeline.endpoint.client import client
from pipeline.grading.guarded import judge_cases
from pipeline.verifiers.judge import Judge

RUBRIC = (
    "The final answer of the RESPONSE is the right answer to the QUESTION. "
    "Solve the QUESTION before you judge."
)


def ask_arbiter(suspects: pl.DataFrame, arbiter: Judge) -> pl.Series:
    """Who is right in each row (String): `majority`, `key`, or `neither`.

    `neither` is also where the arbiter holds both to be right, or has no verdict.
    """
    cases: list[tuple[str | None, str | None, str, dict[str, Any]]] = [
        (None, None, f"The answer is {answer}.", {"problem": problem, "rubric": RUBRIC})
        for column in ("majority_answer", "answer")
        for problem, answer in suspects.select("problem", column).rows()
    ]
    verdicts = judge_cases(cases, arbiter, client(arbiter.endpoint))
    is_right = [verdict.correct for verdict in verdicts]
    half = suspects.height
    side: dict[tuple[bool | None, bool | None], str] = {
        (True, False): "majority",
        (False, True): "key",
    }
    pairs = zip(is_right[:half], is_right[half:], strict=True)
    return pl.Series([side.get(pair, "neither") for pair in pairs], dtype=pl.String)
