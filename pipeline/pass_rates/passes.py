"""The names of the passes of rollouts, which conditions on pass rates use.

The stage `difficulty` finds in its samples only the passes that sampled something, and
has to know the others from misspelt ones. So it reads their names where they are given.
"""

from pydantic import ConfigDict

from pipeline.settings import Settings, Shared


class Named(Settings):
    """The name of a pass; the rest is the business of rollouts."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    name: str = ""


class Passes(Shared):
    """The section `rollouts`, as far as others read it."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    passes: tuple[Named, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.passes)
