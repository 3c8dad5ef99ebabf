"""What the steps of the cascade share: policies, and how to compare what is inside.

A policy is what is no mathematics and has to be decided by somebody; a row asks for
another than the default under `policy` in its `verify_info`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pipeline.errors import UserError


class Policy(NamedTuple):
    """What is no mathematics and has to be decided by somebody.

    `percent`: 10% stands for "either" of 0.1 and 10, for the "fraction" 0.1 alone, or
    for the "number" 10 alone. `digits`: a decimal of so many significant digits or
    more stands for what rounds to it. `units`: "optional" (left out or the same),
    "required" (the same as the gold answer's) or "convert" (also 100 cm for 1 m).
    `boxed`: only boxes and answer tags count as answers.
    """

    percent: str = "either"
    digits: int = 6
    units: str = "optional"
    boxed: bool = False


DEFAULT = Policy()
CHOICES = {
    "percent": ("either", "fraction", "number"),
    "units": ("optional", "required", "convert"),
}
Chosen = TypeVar("Chosen")


def policy_of(info: dict[str, Any]) -> Policy:
    """The policy of the maths verifier that a row's `verify_info` asks for."""
    if not info.get("policy"):
        return DEFAULT
    policy = chosen_policy(Policy, Policy._fields, info)
    for name, allowed in CHOICES.items():
        if (given := getattr(policy, name)) not in allowed:
            raise UserError(
                f"policy {name}: {given!r}", hint=f"one of {', '.join(allowed)}"
            )
    return policy


def chosen_policy(
    kind: Callable[..., Chosen], names: tuple[str, ...], info: dict[str, Any]
) -> Chosen:
    """`info["policy"]` as a policy of this kind; UserError for a name it lacks."""
    given = info.get("policy") or {}
    if unknown := sorted(set(given) - set(names)):
        raise UserError(
            f"no policy of this verifier is called {unknown[0]!r}",
            hint=f"there are {', '.join(names)}",
        )
    return kind(**given)


class Context(NamedTuple):
    """The policy, how deep the pair stands in others, and the cascade itself."""

    policy: Policy
    depth: int
    compare: Callable[[str, str, Policy, int], tuple[bool, str]]

    def same(self, gold: str, said: str) -> bool:
        """Whether two members, sides or ends are the same."""
        return self.compare(gold, said, self.policy, self.depth + 1)[0]
