"""goldsieve: what dvc.yaml runs, and what you type to look around."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.cli import (
    check,
    estimate,
    ledger,
    lengths,
    lineage,
    publish,
    recipes,
    score,
    stages,
)
from pipeline.console import run


def parser() -> argparse.ArgumentParser:
    """The command line, whole: a command is a function, its options the arguments."""
    top = argparse.ArgumentParser(prog="goldsieve", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Callable[..., None]) -> argparse.ArgumentParser:
        text = (function.__doc__ or "").partition("\n")[0]
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(function=function)
        return added

    add = command("filter", stages.run_filter).add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="+", type=Path)
    add("--out", type=Path, help="stand-alone: write the results into this folder")
    add("--against", type=Path, help="an earlier release: drop what is near to it")
    for option, name, example in (
        ("--set", "settings", "KEY=VALUE"),
        ("--column", "columns", "problem=question"),
    ):
        add(option, dest=name, action="append", default=[], metavar=example)

    add = command("make", stages.run_make).add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="*", type=Path)
    add("--out", type=Path, help="the folder that model, export and card write")

    add = command("score", score.run).add_argument
    add("pairs", metavar="PAIRS.jsonl", type=Path)
    add("--verifier", required=True)
    add("--out", type=Path)

    _add_looks(command)

    add = command("recipe", recipes.run).add_argument
    add("action", choices=["list", "show", "use", "diff", "pin", "check"])
    add("names", nargs="*", metavar="NAME")
    add("--force", action="store_true", help="use, pin: lose edits of params.yaml")
    add("--data", type=Path, help="check: a folder of files called after sources")
    add("--markdown", action="store_true", help="list: the survey's tables")

    add = command("estimate", estimate.estimate).add_argument
    add("--tokens-per-s", type=float, default=4000.0)

    command("check", check.check)

    add = command("publish", publish.publish).add_argument
    add("repo")
    add("--dry-run", type=Path, metavar="DIR")
    add("--public", action="store_true")
    return top


def _add_looks(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that look at tables and change nothing."""
    add = command("sql", ledger.sql).add_argument
    add("query")
    add("--format", choices=["table", "csv", "json"], default="table")

    command("explain", ledger.explain).add_argument("id")
    command("funnel", ledger.funnel)
    add = command("lineage", lineage.lineage).add_argument
    add("--format", choices=["table", "csv", "json"], default="table")

    add = command("lengths", lengths.lengths).add_argument
    add("inputs", metavar="[NAME=]FILE", nargs="*")
    add("--column", dest="columns", action="append", default=[], metavar="trace=text")
    add("--tokenizer", default="packaged", metavar="NAME@COMMIT")
    add("--most", type=int, default=20_000, help="texts of a set that are counted")
    add("--out", type=Path, help="write lengths.svg and its numbers into this folder")
    add("--format", choices=["table", "csv", "json"], default="table")


def main() -> int:
    arguments = vars(parser().parse_args())
    function = arguments.pop("function")
    return run(lambda: function(**arguments))


if __name__ == "__main__":
    sys.exit(main())
