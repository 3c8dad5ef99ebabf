"""What the person at the keyboard sees: progress while it runs, mistakes in short."""

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.disks import explain_refusal
from pipeline.errors import UserError, explain
from pipeline.orphans import end_with_dvc

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")


def run(function: Callable[[], None]) -> int:
    """Call `function`; a mistake of the user's is printed in two lines, exit code 2.

    Under DVC the process, and what it spawns, ends with DVC.
    """
    end_with_dvc()
    try:
        function()
    except BrokenPipeError:  # the reader (head, less) had enough
        sys.stderr.close()
    except KeyboardInterrupt:
        print("interrupted; what was finished before is kept", file=sys.stderr)
        return 130
    except PermissionError:  # of something that was read, or it would be a UserError
        raise
    except Exception as error:
        if mistake := explain(error):
            return _print(mistake)
        file = getattr(error, "filename", None) or f"{tempfile.gettempdir()}/(a file)"
        if refusal := explain_refusal(error, Path(file)):
            return _print(refusal)
        raise
    return 0


def _print(error: UserError) -> int:
    print(f"error: {error}", file=sys.stderr)
    if error.hint:
        print(f"hint:  {error.hint}", file=sys.stderr)
    return 2


def track(
    items: Iterable[T],
    what: str,
    *,
    total: int | None = None,
    weight: Callable[[T], int] = lambda item: 1,
) -> Iterator[T]:
    """Yield `items` under a progress bar on stderr, with rate and ETA.

    `weight` says how many units of `total` an item is worth.
    """
    with progress() as bar:
        task = bar.add_task(what, total=total)
        for item in items:
            yield item
            bar.advance(task, weight(item))


def progress() -> "Progress":
    """A rich progress bar: done, rate, time spent, ETA."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "", style="cyan")

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(""),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    return Progress(*columns, console=Console(stderr=True))
