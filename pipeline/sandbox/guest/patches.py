"""What tests change of modules, so that it is so in the program's process, too.

Runs in the sandbox and imports nothing of ours but its neighbours. What they patch by a
name that can be read goes with each message; where they let random numbers start, the
program's start as well.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pkgutil import resolve_name
from typing import Any, NamedTuple

from pipeline.sandbox.guest.trust import ask, links


class Watched(NamedTuple):
    """An attribute that the tests patch, and what it was before."""

    path: str
    name: str
    owner: Any
    before: Any


watched: list[Watched] = []


def watch(target: str) -> None:
    """Remember what is at `target`, which the tests are going to patch."""
    path, _, name = target.rpartition(".")
    is_own = path in ("solution", "__main__")
    with suppress(ImportError, AttributeError):
        owner = sys.modules[path] if is_own else resolve_name(path)
        before = vars(owner).get(name)
        watched.append(Watched("solution" if is_own else path, name, owner, before))


def list_patches() -> tuple[Any, ...]:
    """Where, under which name, and what the tests have patched."""
    patches = [
        (each.path, each.name, now)
        for each in watched
        if (now := vars(each.owner).get(each.name)) is not each.before
    ]
    return (tuple(patches),)


def share_seeds() -> None:
    """Have the program's random numbers start where the tests let theirs start."""
    for path in ("random", "numpy.random"):
        if module := sys.modules.get(path):
            vars(module)["seed"] = seed_both(path, vars(module)["seed"])


def seed_both(path: str, seed: Callable[..., Any]) -> Callable[..., Any]:
    def seed_here_and_there(*given: Any, **named: Any) -> Any:
        ask("seed", path, *given, *named.values())
        links[0].requests -= 1  # which asks the program nothing
        return seed(*given, **named)

    return seed_here_and_there
