"""Any table: `columns` in params maps our names to its own, `set` adds constants."""

from typing import Any

from stages.sources._fields import text, wanted


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """Rows that hold `problem` and `answer` (mapped or by name); more is optional."""
    problem, answer = text(row, "problem"), text(row, "answer")
    if problem is None or (answer is None and not row.get("verify_info")):
        return wanted(row, problem="problem", answer="answer")
    info, meta = row.get("verify_info"), row.get("meta")
    solution = text(row, "solution")
    return {
        "problem": problem,
        "answer": answer,
        "domain": text(row, "domain") or "math",
        "verifier": text(row, "verifier") or "math",
        "verify_info": info if isinstance(info, dict) else {},
        "solutions": [{"text": solution, "model": "source", "correct": None}]
        if solution
        else [],
        "meta": meta if isinstance(meta, dict) else {},
    }
