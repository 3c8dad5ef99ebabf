"""The commands of a project: make one, look at it, change its recipe, publish it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.commands.shared import COLUMN, HOST, PORT, SHOW, Format, command, do

FOLDER = typer.Argument(
    metavar="DIR", help="Folder of the project; made if it is not there."
)
FILES = typer.Argument(
    metavar="FILE",
    default_factory=list,
    show_default=False,
    help="parquet, Arrow, JSON, JSON lines, CSV or TSV, compressed or not. Without "
    "any, those that lie in DIR.",
)


@command("init")
def init(
    folder: Annotated[Path, FOLDER],
    files: Annotated[list[Path], FILES],
    columns: Annotated[list[str], COLUMN],
    model: Annotated[
        str,
        typer.Option(
            metavar="FOLDER|REPO@COMMIT",
            help="Model to sample where the files hold no completions: a folder, or "
            "a repository of the Hub at a commit. Else SmolLM2-135M-Instruct, which "
            "comes as a Python package.",
        ),
    ] = "",
    license: Annotated[
        str,
        typer.Option(
            metavar="SPDX",
            help="Licence of the files, as the card names it: MIT, CC-BY-4.0 and so "
            "on. Where they differ, edit the recipe.",
        ),
    ] = "unknown",
) -> None:
    """Make a project around your own files, with a recipe to edit.

    Reads the first 1,000 rows of each file, prints what each column is taken for and
    why, and writes recipes/, params.yaml and dvc.yaml into DIR. Your files are only
    read.
    """
    do("init.run", locals())


@command("check")
def check() -> None:
    """Check the recipe, its files and this machine; run nothing.

    Every mistake is a sentence that says what to do; then the exit status is 2.
    """
    do("check.check", {})


@command("estimate")
def estimate(
    tokens_per_s: Annotated[
        float | None,
        typer.Option(
            help="Generated tokens a second. Else those of the last run, or 4,000, a "
            "guess for a GPU."
        ),
    ] = None,
    price: Annotated[
        str,
        typer.Option(
            metavar="2.50/h|0.60/M",
            help="Dollars for an hour of the machine, or for a million tokens.",
        ),
    ] = "",
) -> None:
    """Say what sampling will cost: problems, samples, tokens, hours.

    What is stored already is subtracted.
    """
    do("estimate.estimate", locals())


@command("funnel")
def funnel() -> None:
    """Print the rows after each stage, and why rows left.

    Also how long each stage took, and what training gave.
    """
    do("funnel.funnel", {})


@command("view")
def view(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|FILE",
            help="A project, a folder of tables or one file. Without it, this folder.",
            show_default=False,
        ),
    ] = Path(),
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 8418,
) -> None:
    """Show every row on a page of your own machine, until Ctrl-C.

    Prints the address to open in a browser. Nothing is sent to other machines.
    """
    do("view.run", locals())


@command("explain")
def explain(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a row: <source>/<number>.")
    ],
) -> None:
    """Print one row's life: who kept it, who dropped it and why."""
    do("ledger.explain", locals())


@command("sql")
def sql(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="What DuckDB is asked, in quotes.")
    ],
    format: Annotated[Format, SHOW] = "table",
) -> None:
    """Query the project's tables with DuckDB.

    There is one view for each table, and `dropped` with the rows that all stages
    dropped. A file is a table under its name in single quotes, without a project too.
    """
    do("ledger.sql", locals())


@command("lineage")
def lineage(format: Annotated[Format, SHOW] = "table") -> None:
    """Say which source holds the problems of which other.

    From the copies that the stages of deduplication found; also whether the overlap is
    declared.
    """
    do("lineage.lineage", locals())


@command("recipe")
def recipe(
    action: Annotated[
        Literal["list", "show", "use", "diff", "pin", "check"],
        typer.Argument(
            help="list: which there are. show NAME: all its sections. use NAME: write "
            "params.yaml. diff NAME NAME: in which values two differ. pin NAME: use, "
            "with the Hub's latest commits. check [NAME]: try it on a few rows."
        ),
    ],
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", default_factory=list, show_default=False),
    ],
    force: Annotated[
        bool,
        typer.Option("--force", help="use, pin: overwrite a params.yaml with edits."),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="check: files called like sources, in the place of the few rows.",
        ),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="list: as tables of Markdown.")
    ] = False,
) -> None:
    """List the recipes, use one, compare or try them."""
    do("recipes.run", locals())


@command("publish")
def publish(
    repo: Annotated[
        str, typer.Argument(metavar="ORG/NAME", help="Repository of the Hub.")
    ],
    dry_run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write it there, and upload nothing."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="For all to see; else it is private.")
    ] = False,
) -> None:
    """Publish the data set with its card on the Hub.

    The token is read from HF_TOKEN. An upload that broke off goes on where it stopped.
    """
    do("publish.publish", locals())


@command("pull")
def pull(
    repo: Annotated[
        str,
        typer.Argument(
            metavar="ORG/NAME", help="A set of the Hub, or a folder that holds one."
        ),
    ],
    revision: Annotated[
        str | None, typer.Option(help="A commit or branch. Else the latest.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to put it. Else in .cache/pulled/."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the recipe. Else that of the set.")
    ] = None,
) -> None:
    """Fetch a published set, and write a recipe that replays it.

    Its rows are judged again from its completions, and nothing is sampled.
    """
    do("pull.pull", locals())
