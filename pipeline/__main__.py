"""goldsieve: what dvc.yaml runs, and what you type to look around."""

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from pipeline.console import run

# Each command: a function of `pipeline/cli`, and what it does. Only the one that is
# called is imported: a stage that starts need not know how to publish.
COMMANDS = {
    "init": (
        "init.run",
        "Make a project around your files: show what they hold, write a recipe.",
    ),
    "filter": (
        "stages.run_filter",
        "Judge the first table, with the others at hand, and split it.",
    ),
    "make": (
        "stages.run_make",
        'Make a table, or a folder, from others; "collect.gsm8k" names one source.',
    ),
    "score": (
        "score.run",
        'Judge rows of {"id", "gold", "prediction", "info"?} with a verifier.',
    ),
    "serve": (
        "serve.run",
        "Serve verdicts over HTTP: POST /verdicts, GET /health, /metrics, /verifiers.",
    ),
    "sql": (
        "ledger.sql",
        "Query the tables by name in DuckDB; `dropped` is the ledger of all stages.",
    ),
    "explain": (
        "ledger.explain",
        "Print the row `id`: where from, which stages kept it, who dropped it and why.",
    ),
    "funnel": (
        "funnel.funnel",
        "Print the rows after each stage, why rows left, and what training gave.",
    ),
    "view": (
        "view.run",
        "Show the tables of this project, of a folder or of a file on a local page.",
    ),
    "lineage": (
        "lineage.lineage",
        "Say which source holds the problems of which, and whether it is declared.",
    ),
    "lengths": (
        "lengths.lengths",
        "Say how long problems and traces are, in tokens, of files or of all sources.",
    ),
    "recipe": ("recipes.run", "List, show, use, pin, compare or check recipes."),
    "estimate": (
        "estimate.estimate",
        "Say what the active recipe will cost before it runs.",
    ),
    "check": (
        "check.check",
        "Check params.yaml, dvc.yaml and the environment, without running anything.",
    ),
    "publish": (
        "publish.publish",
        "Write the dataset repository, and upload it to the Hub unless --dry-run.",
    ),
    "compare": (
        "compare.run",
        "Say in which rows, verdicts and figures two runs or published sets differ.",
    ),
    "pull": (
        "pull.pull",
        "Fetch a published set and write the recipe that replays it, without sampling.",
    ),
}


def parser() -> argparse.ArgumentParser:
    """The command line, whole: a command is a function, its options the arguments."""
    top = argparse.ArgumentParser(prog="goldsieve", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str) -> argparse.ArgumentParser:
        _, text = COMMANDS[name]
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=name)
        return added

    add = command("init").add_argument
    add("folder", metavar="DIR", type=Path)
    add("files", metavar="FILE", nargs="*", type=Path, help="else those in DIR")
    add("--column", dest="columns", action="append", default=[], metavar="problem=q")
    add("--model", default="", metavar="FOLDER | REPO@COMMIT", help="what is sampled")

    add = command("filter").add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="+", type=Path)
    add("--out", type=Path, help="stand-alone: write the results into this folder")
    add("--against", type=Path, help="an earlier release: drop what is near to it")
    for option, name, example in (
        ("--set", "settings", "KEY=VALUE"),
        ("--column", "columns", "problem=question"),
    ):
        add(option, dest=name, action="append", default=[], metavar=example)

    add = command("make").add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="*", type=Path)
    add("--out", type=Path, help="the folder that model, export and card write")

    add = command("score").add_argument
    add("pairs", metavar="PAIRS.jsonl", type=Path)
    add("--verifier", required=True)
    add("--out", type=Path)

    add = command("serve").add_argument
    add("--host", default="127.0.0.1", help="others than this machine need a token")
    add("--port", type=int, default=8417, help="0 takes a free one")
    add("--token-file", type=Path, help="or the token is in GOLDSIEVE_TOKEN")
    add("--queue", type=int, default=50_000, help="rows that may be here at once")
    add("--drain-s", type=float, default=30.0, help="to finish them at SIGTERM")

    _add_looks(command)

    add = command("recipe").add_argument
    add("action", choices=["list", "show", "use", "diff", "pin", "check"])
    add("names", nargs="*", metavar="NAME")
    add("--force", action="store_true", help="use, pin: lose edits of params.yaml")
    add("--data", type=Path, help="check: a folder of files called after sources")
    add("--markdown", action="store_true", help="list: the survey's tables")

    add = command("estimate").add_argument
    add("--tokens-per-s", type=float, help="else as measured in the last run")
    add("--price", default="", help="in dollars: 2.50/h, or 0.60/M for tokens")

    command("check")

    add = command("compare").add_argument
    add("first", metavar="A", help="a project's folder, a published set, or ORG/NAME")
    add("second", metavar="B")
    add("--out", type=Path, help="write the rows and verdicts into this folder")
    add("--format", choices=["table", "json"], default="table")

    add = command("pull").add_argument
    add("repo", metavar="ORG/NAME", help="or a folder that holds a published set")
    add("--revision", help="a commit or branch; the latest, where it is left out")
    add("--to", type=Path, metavar="DIR", help="where it is to lie")
    add("--name", help="of the recipe; as the set is called, where it is left out")

    add = command("publish").add_argument
    add("repo")
    add("--dry-run", type=Path, metavar="DIR")
    add("--public", action="store_true")
    return top


def _add_looks(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that look at tables and change nothing."""
    add = command("sql").add_argument
    add("query")
    add("--format", choices=["table", "csv", "json"], default="table")

    command("explain").add_argument("id")
    command("funnel")
    add = command("view").add_argument
    add("path", nargs="?", type=Path, default=Path(), metavar="FOLDER or FILE")
    add("--host", default="127.0.0.1", help="others than this machine need a token")
    add("--port", type=int, default=8418, help="0 takes a free one")
    add = command("lineage").add_argument
    add("--format", choices=["table", "csv", "json"], default="table")

    add = command("lengths").add_argument
    add("inputs", metavar="[NAME=]FILE", nargs="*")
    add("--column", dest="columns", action="append", default=[], metavar="trace=text")
    add("--tokenizer", default="packaged", metavar="NAME@COMMIT")
    add("--most", type=int, default=20_000, help="texts of a set that are counted")
    add("--out", type=Path, help="write lengths.svg and its numbers into this folder")
    add("--format", choices=["table", "csv", "json"], default="table")


def call(line: list[str] | None = None) -> None:
    """Do what a command line says; that of this process, where none is given."""
    arguments = vars(parser().parse_args(line))
    module, _, function = COMMANDS[arguments.pop("command")][0].partition(".")
    getattr(import_module(f"pipeline.cli.{module}"), function)(**arguments)


def main() -> int:
    return run(call)


if __name__ == "__main__":
    sys.exit(main())
