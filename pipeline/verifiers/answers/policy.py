"""Policies: what is no mathematics and has to be decided by somebody.

A row asks for another policy than the default under `policy` in its `verify_info`,
such as `{"policy": {"units": "required"}}`.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from pipeline.errors import UserError

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
    digits: int = 6
    units: Units = "optional"
    boxed: bool = False


DEFAULT = Policy()


def read_policy(kind: Callable[..., AnyPolicy], info: dict[str, Any]) -> AnyPolicy:
    """`info["policy"]` as a policy of this kind.

    Raises UserError for a name or a value that the kind does not have.
    """
    given = info.get("policy")
    if not given:
        return kind()
    fields = get_annotations(kind)
    if unknown := sorted(set(given) - set(fields)):
        raise UserError(
            f"no policy of this verifier is called {unknown[0]!r}",
            hint=f"there are {', '.join(fields)}",
        )
    for name, value in given.items():
        if (allowed := get_args(fields[name])) and value not in allowed:
            raise UserError(
                f"policy {name}: {value!r}", hint=f"one of {', '.join(allowed)}"
            )
    return kind(**given)
