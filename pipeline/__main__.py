"""goldsieve: what dvc.yaml runs, and what you type to look around."""

import os
import sys

from pipeline.console import run


def call(line: list[str] | None = None) -> None:
    """Do what a command line says; that of this process, where none is given.

    SystemExit where it does not read as a command line does.
    """
    from pipeline.cli.commands import app

    try:
        app(args=line, prog_name="goldsieve")
    except SystemExit as end:
        if end.code:
            raise


def main() -> int:
    # Else every start looks through all installed packages for plugins of pydantic.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    return run(call)


if __name__ == "__main__":
    sys.exit(main())
