"""goldsieve: what dvc.yaml runs, and what you type to look around."""

import gc
import os
import sys

INTERRUPTED = 130
# New ones between two searches for cycles, in workers too. Rows have none, and at
# Python's 700 the searches would take a fifth of the time in which rows are read.
OBJECTS = 20_000


def call(line: list[str] | None = None) -> None:
    """Do what a command line says; that of this process, where none is given.

    SystemExit where it does not read as a command line does, KeyboardInterrupt where
    it was interrupted.
    """
    from pipeline.cli.commands.app import app

    try:
        app(args=line, prog_name="goldsieve")
    except SystemExit as end:
        if end.code == INTERRUPTED:  # so says Typer
            raise KeyboardInterrupt from None
        if end.code:
            raise


def main() -> int:
    # Else every start looks through all installed packages for plugins of pydantic.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(OBJECTS)
    try:
        from pipeline.console import run

        return run(call)
    except KeyboardInterrupt:  # while that was imported
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
