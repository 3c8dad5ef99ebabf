"""What verl's `core_algos` computes on twelve completions, as tensors.

tests/cases/verl_core_algos.json is written by tests/frameworks/freeze_verl.py.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

FROZEN = json.loads(
    Path(__file__).parents[1].joinpath("cases", "verl_core_algos.json").read_text()
)
SIZE = 4  # completions of a group
LENGTHS = torch.tensor(FROZEN["inputs"]["lengths"])
MASK = (torch.arange(9) < LENGTHS[:, None]).long()  # (12, 9)


def given(name: str) -> Tensor:
    """One of the inputs: (12,), or (12, 9) where it differs by token."""
    return torch.tensor(FROZEN["inputs"][name], dtype=torch.float32)


def advantages(estimator: str, **options: Any) -> Tensor:
    """verl's advantages, (12, 9); zeros behind the ends."""
    (case,) = _cases("advantages", estimator=estimator, options=options)
    return torch.tensor(case["advantages"]) * MASK


def policy_loss(loss: str, mode: str, **options: Any) -> tuple[float, Tensor]:
    """The loss and its gradient by log-probability, (12, 9)."""
    (case,) = _cases("policy_losses", loss=loss, mode=mode, options=options)
    return case["value"], torch.tensor(case["gradient"])


def value_loss(clip: float) -> tuple[float, Tensor]:
    """The token mean of the clipped value loss, and its gradient by value."""
    options = {"cliprange_value": clip}
    (case,) = _cases("value_losses", mode="token-mean", options=options)
    return case["value"], torch.tensor(case["gradient"])


def _cases(section: str, **wanted: Any) -> list[dict[str, Any]]:
    return [
        case
        for case in FROZEN[section]
        if all(case[name] == value for name, value in wanted.items())
    ]
