"""What the steps of the cascade share: policies, and how to compare what is inside.

A policy is what is no mathematics and has to be decided by somebody; a row asks for
another than the default under `policy` in its `verify_info`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

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


def policy_of(info: dict[str, Any]) -> Policy:
    """The policy that a row's `verify_info` asks for under `policy`."""
    given = info.get("policy")
    if not given:
        return DEFAULT
    if unknown := set(given) - set(Policy._fields):
        raise UserError(
            f"no policy of the maths verifier is called {sorted(unknown)[0]!r}",
            hint=f"there are {', '.join(Policy._fields)}",
        )
    for name, allowed in CHOICES.items():
        if given.get(name, allowed[0]) not in allowed:
            raise UserError(
                f"policy {name}: {given[name]!r}", hint=f"one of {', '.join(allowed)}"
            )
    return Policy(**given)


class Context(NamedTuple):
    """The policy, how deep the pair stands in others, and the cascade itself."""

    policy: Policy
    depth: int
    compare: Callable[[str, str, Policy, int], tuple[bool, str]]

    def same(self, gold: str, said: str) -> bool:
        """Whether two members, sides or ends are the same."""
        return self.compare(gold, said, self.policy, self.depth + 1)[0]
