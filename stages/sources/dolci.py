"""Dolci-Think-RL (OLMo 3): four kinds of prompts in one table, by `dataset`.

Maths has one gold answer, code its tests; the answer of a chat is a reference that a
model judges by. Constraints of instructions (`ifeval`) are checked by programs of
OLMo's own, which we do not have: such a row stays out.
"""

from stages.sources._fields import Row, as_text, code_problem, filled, text
from stages.sources._tests import count_tests, read_tests

CHAT = ("general-quality", "general-quality_ref")
META = ("original_dataset", "passrate", "total_rollouts", "total_correct_rollouts")


def adapt(row: Row) -> Row | str:
    """{"prompt", "ground_truth": [gold], "dataset": ["math" | "code" | …], …}."""
    kind, gold = _first(row.get("dataset")), row.get("ground_truth")
    problem, meta = text(row, "prompt"), {"kind": kind, **filled(row, *META)}
    if kind in ("code", "code_stdio"):
        try:
            info = read_tests(gold)
        except (ValueError, TypeError, RecursionError) as error:
            return f"ground_truth: {error!s:.120}"
        meta["n_tests"] = count_tests(info)
        return code_problem(problem, info, meta=meta)
    if kind != "math" and kind not in CHAT:
        return f"dataset: {kind!r} has no verifier here"
    is_maths = kind == "math"
    return {
        "problem": problem,
        "answer": as_text(_first(gold)),
        "domain": "math" if is_maths else "general",
        "verifier": "math" if is_maths else "judge",
        "meta": meta,
    }


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value
