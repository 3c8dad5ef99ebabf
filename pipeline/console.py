"""What the person at the keyboard sees: progress while it runs, mistakes in short."""

import io
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.disks import FULL, explain_refusal
from pipeline.errors import UserError, explain
from pipeline.files import write_text
from pipeline.orphans import OF_DVC, end_with_dvc
from pipeline.surrogates import is_text

if TYPE_CHECKING:
    from rich.progress import Progress, Task

T = TypeVar("T")
EVERY_S = 30.0  # between two lines of a log
TIMINGS = Path("data/timings")  # how long DVC's stages took; nothing depends on it


def run(function: Callable[[], None]) -> int:
    """Call `function`; a mistake of the user's is printed in two lines, exit code 2.

    Under DVC the process, and what it spawns, ends with DVC.
    """
    end_with_dvc()
    _hush()
    start = time.monotonic()
    try:
        _settle_streams()
        _check_surroundings()
        function()
        _flush()
    except BrokenPipeError:  # the reader (head, less) had enough
        sys.stderr.close()
    except KeyboardInterrupt:
        print("interrupted; what was finished before is kept", file=sys.stderr)
        return 130
    except Exception as error:
        if mistake := explain(error):
            return _print(mistake)
        if isinstance(error, PermissionError):  # of no file: nothing to put right
            raise
        names = (getattr(error, name, None) for name in ("filename2", "filename"))
        file = next(filter(None, names), f"{tempfile.gettempdir()}/(a file)")
        if refusal := explain_refusal(error, Path(os.fsdecode(file))):
            return _print(refusal)
        if isinstance(error, OSError) and error.errno in FULL:
            return _print(
                _lose_output(error)
            )  # no file has a name, and no disk is full
        raise
    if stage := os.environ.get(OF_DVC):
        _keep_time(stage, time.monotonic() - start)
    return 0


def _settle_streams() -> None:
    """Have stdout and stderr take any text, also where they are closed or know less."""
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is None:
            stream = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
            setattr(sys, name, stream)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _check_surroundings() -> None:
    """UserError for a folder that is gone, and for names that are no text."""
    try:
        Path.cwd()
    except FileNotFoundError:
        hint = "`cd` to one that is there"
        raise UserError("the folder of this shell was removed", hint=hint) from None
    for word in sys.argv[1:]:
        if not is_text(word):
            named = os.fsencode(word)
            if is_text(named.decode("utf-8", "surrogateescape")):
                why = f"{word!r} is no text in this locale"
                raise UserError(why, hint="export LC_ALL=C.UTF-8 PYTHONUTF8=1")
            raise UserError(f"{named!r} is not UTF-8", hint="rename the file")


def _flush() -> None:
    """UserError where what was printed does not go out."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _lose_output(error) from None


def _lose_output(error: OSError) -> UserError:
    """The mistake that stdout takes nothing; what is left of it is thrown away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    why = f"what is printed cannot be written: {os.strerror(error.errno or 0)}"
    return UserError(why, hint="look at where stdout goes")


def _hush() -> None:
    """Keep out of logs what libraries write there and nobody can use."""
    if not sys.stderr.isatty():  # a line for each step of a bar
        os.environ.setdefault("TQDM_DISABLE", "1")
    if OF_DVC in os.environ:
        import logging

        # On CPUs with bfloat16 it asks for a package that 4-bit weights would use.
        logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def _keep_time(stage: str, seconds: float) -> None:
    """Note how long a stage took, where nothing that is tracked has it."""
    text = json.dumps({"seconds": round(seconds, 1)})
    write_text(TIMINGS / f"{stage.replace('/', '_')}.json", text)


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


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
    """Progress on stderr, with rate and ETA: a bar, or where it is a log a line.

    The rate is that of the whole work, in a log as in a terminal, so that the last
    line is true.
    """
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

    if not sys.stderr.isatty():
        return _log_progress()

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            return Text(_rate(task), style="cyan")

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(""),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    return Progress(*columns, console=Console(stderr=True))


def _log_progress() -> "Progress":
    """Progress as lines of a log: one every half minute, and one at the end."""
    from rich.progress import Progress

    class Log(Progress):
        def start(self) -> None:
            self.is_over = threading.Event()
            threading.Thread(target=self.report, daemon=True).start()

        def report(self) -> None:
            while not self.is_over.wait(EVERY_S):
                self.print_tasks()

        def stop(self) -> None:
            self.is_over.set()
            self.print_tasks()

        def print_tasks(self) -> None:
            for task in self.tasks:
                print(describe_task(task), file=sys.stderr, flush=True)

    return Log(disable=True)


def describe_task(task: "Task") -> str:
    """What is done of a task, how fast, how long it took and how long it will take."""
    done, spent = task.completed, task.elapsed or 0.0
    parts = [f"{task.description}: {done:,.0f}"]
    if task.total:
        parts = [f"{parts[0]} of {task.total:,.0f} ({done / task.total:.0%})"]
    parts += filter(None, [_rate(task), clock(spent)])
    if task.total and 0 < done < task.total:
        parts.append(f"{clock(spent * (task.total - done) / done)} left")
    return ", ".join(parts)


def _rate(task: "Task") -> str:
    """Units a second since the start."""
    if not task.completed or not task.elapsed:
        return ""
    rate = task.completed / task.elapsed
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.2g}/s"
