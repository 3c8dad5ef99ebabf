"""Policies: what is no mathematics and has to be decided by somebody.

A row asks for another policy than the default under `policy` in its `verify_info`,
such as `{"policy": {"units": "required"}}`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import Field

from pipeline.verifiers.details.contract import Flag, Whole

Units = Literal["optional", "required", "convert"]
AnyPolicy = TypeVar("AnyPolicy")


class Policy(NamedTuple):
    """What the maths verifier leaves open.

    `percent`: 10% stands for "either" of 0.1 and 10, for the "fraction" 0.1 alone, or
    for the "number" 10 alone. `digits`: a decimal of so many significant digits or
    more stands for what rounds to it. `units`: "optional" (left out or the same),
    "required" (the same as the gold answer's) or "convert" (also 100 cm for 1 m).
    `boxed`: only boxes and answer tags count as answers.
    """

    percent: Literal["either", "fraction", "number"] = "either"
    digits: Annotated[Whole, Field(ge=1, le=100)] = 6
    units: Units = "optional"
    boxed: Flag = False


DEFAULT = Policy()


def read_policy(kind: Callable[..., AnyPolicy], info: dict[str, Any]) -> AnyPolicy:
    """`info["policy"]` as a policy of this kind; it was read, or names its fields."""
    given = info.get("policy") or {}
    return kind(**given) if isinstance(given, dict) else kind(*given)
