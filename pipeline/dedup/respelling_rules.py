"""A way to write one thing that two texts may not share, and what it is found by."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from pipeline.kernels.spelled_words import split

LONGEST = 20_000  # bytes; patterns of Python may take the square of a text's length
LEAST_REST = 40  # characters that are left where a part is cut off


class Respelling(NamedTuple):
    """`change` is made to both texts where `marker` finds other things in them.

    It is looked for in texts with one of `signs`. With `beside`, only where it finds
    nothing in one of them and `beside` is there. Of texts with `agreed` in one, only
    where the answers are the same. Where it `has_digits`, one text may have digits that
    the other lacks.
    """

    signs: tuple[str, ...]
    marker: str
    change: Callable[[str], str]
    beside: str | None = None
    agreed: str | None = None
    has_digits: bool = False


Signs = str | tuple[str, ...]  # between spaces, or one by one


def spell(
    signs: Signs, marker: str, change: str | Callable[[str], str], **kinds: Any
) -> Respelling:
    """What writes another text for `marker`, or does as the function says."""
    if isinstance(change, str):
        change = partial(re.sub, marker, change)
    signs = (*split(signs),) if isinstance(signs, str) else signs
    return Respelling(signs, marker, change, **kinds)


def leave_out(signs: Signs, part: str, **kinds: Any) -> Respelling:
    """What leaves a part out wherever it is, if one text alone has it."""
    return spell(signs, part, "", **({"beside": ""} | kinds))


def cut_off(
    signs: Signs, part: str, *, marker: str | None = None, **kinds: Any
) -> Respelling:
    """What cuts a part off if enough is left, and one text alone has it.

    `marker` is found in the texts that have it, and sooner.
    """
    change = partial(cut, part)
    return spell(signs, marker or part, change, **({"beside": ""} | kinds))


def cut(pattern: str, text: str) -> str:
    """`text` without `pattern`, if enough is left to be a problem."""
    rest = re.sub(pattern, "", text)
    return rest if len(rest.strip()) >= LEAST_REST else text
