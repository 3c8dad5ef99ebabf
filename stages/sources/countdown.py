"""Countdown (TinyZero): reach the target with each number used once."""

from stages.sources._fields import Row


def adapt(row: Row) -> Row | str:
    """{"target": 98, "nums": [44, 19, 35], …}; there is no gold expression."""
    target, numbers = row.get("target"), row.get("nums")
    if not isinstance(target, int) or not isinstance(numbers, list) or not numbers:
        return "target, nums: expected a whole number and a list of them"
    if not all(isinstance(number, int) for number in numbers):
        return "nums: expected whole numbers"
    return {
        "problem": (
            f"Using the numbers {numbers}, create an equation that equals {target}. "
            "You can use basic arithmetic operations (+, -, *, /) and each number "
            "can only be used once."
        ),
        "answer": str(target),
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "countdown", "numbers": numbers, "target": target},
    }
