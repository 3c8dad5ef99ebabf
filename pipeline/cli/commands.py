"""The command line: each command, its arguments and what they mean.

Typer reads it off the signatures. A command does nothing but import the one module
that does its work: a stage that starts need not know how to publish. Names of stages
and verifiers are those of files, so that help and completion know a new one.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

HOME = Path(__file__).parents[2]
app = typer.Typer(
    name="goldsieve",
    help="What dvc.yaml runs, and what you type to look around.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich would cost a third of the start
    pretty_exceptions_enable=False,
)
Format = Literal["table", "csv", "json"]


def _do(target: str, arguments: dict[str, Any]) -> None:
    """Call a function of `pipeline/cli` by its module and name."""
    module, _, function = target.partition(".")
    getattr(import_module(f"pipeline.cli.{module}"), function)(**arguments)


def _files(folder: str) -> list[str]:
    """The names that the files of a folder register."""
    return sorted({each.stem for each in (HOME / folder).glob("[a-z]*")})


def stages() -> list[str]:
    """The stages; what else lies in the folder is none."""
    return [name for name in _files("stages") if name not in ("sources", "py")]


def verifiers() -> list[str]:
    """The verifiers: files with a `verify` in them."""
    folder = HOME / "pipeline/verifiers"
    files = sorted(folder.glob("[a-z]*.py"))
    return [file.stem for file in files if file.stem != "contract"]


def _complete(names: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    return lambda incomplete: [n for n in names() if n.startswith(incomplete)]


def _option(name: str, metavar: str) -> Any:
    """An option that may be given again and again."""
    return typer.Option(name, metavar=metavar, default_factory=list, show_default=False)


STAGE = typer.Argument(
    metavar="STAGE",
    help=f"One of {', '.join(stages())}.",
    autocompletion=_complete(stages),
)
VERIFIER = typer.Option(
    help=f"One of {', '.join(verifiers())}.", autocompletion=_complete(verifiers)
)
SHOW = typer.Option(help="How the result is printed.")
LOOPBACK = typer.Option(help="Others than this machine need a token.")
PORT = typer.Option(help="0 takes a free one.")
MANY = typer.Argument(metavar="FILE", default_factory=list, show_default=False)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"goldsieve {version('goldsieve')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Raw pools of reasoning problems in; verified, graded training sets out."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    files: Annotated[list[Path], MANY],
    columns: Annotated[list[str], _option("--column", "problem=question")],
    model: Annotated[
        str, typer.Option(metavar="FOLDER|REPO@COMMIT", help="What is sampled.")
    ] = "",
) -> None:
    """Make a project around your files: show what they hold, write a recipe."""
    _do("init.run", locals())


@app.command("filter")
def run_filter(
    name: Annotated[str, STAGE],
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT")],
    settings: Annotated[list[str], _option("--set", "KEY=VALUE")],
    columns: Annotated[list[str], _option("--column", "problem=question")],
    out: Annotated[
        Path | None, typer.Option(help="Stand-alone: the folder for the results.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="An earlier release: drop what is near to it.")
    ] = None,
) -> None:
    """Judge the first table, with the others at hand, and split it."""
    _do("stages.run_filter", locals())


@app.command("make")
def run_make(
    name: Annotated[str, STAGE],
    inputs: Annotated[list[Path], MANY],
    out: Annotated[
        Path | None, typer.Option(help="The folder that model, export, card write.")
    ] = None,
) -> None:
    """Make a table, or a folder, from others; "collect.gsm8k" names one source."""
    _do("stages.run_make", locals())


@app.command()
def score(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS.jsonl")],
    verifier: Annotated[str, VERIFIER],
    out: Path | None = None,
) -> None:
    """Judge rows of {"id", "gold", "prediction", "info"?} with a verifier."""
    _do("score.run", locals())


@app.command()
def serve(
    host: Annotated[str, LOOPBACK] = "127.0.0.1",
    port: Annotated[int, PORT] = 8417,
    token_file: Annotated[
        Path | None, typer.Option(help="Or the token is in GOLDSIEVE_TOKEN.")
    ] = None,
    queue: Annotated[int, typer.Option(help="Rows that may be here at once.")] = 50_000,
    drain_s: Annotated[
        float, typer.Option(help="Seconds to finish them at SIGTERM.")
    ] = 30.0,
) -> None:
    """Serve verdicts over HTTP: POST /verdicts, GET /health, /metrics, /verifiers."""
    _do("serve.run", locals())


@app.command()
def sql(query: str, format: Annotated[Format, SHOW] = "table") -> None:
    """Query the tables by name in DuckDB; `dropped` is the ledger of all stages."""
    _do("ledger.sql", locals())


@app.command()
def explain(id: str) -> None:
    """Print the row ID: where from, which stages kept it, who dropped it and why."""
    _do("ledger.explain", locals())


@app.command()
def funnel() -> None:
    """Print the rows after each stage, why rows left, and what training gave."""
    _do("funnel.funnel", {})


@app.command()
def view(
    path: Annotated[Path, typer.Argument(metavar="FOLDER|FILE")] = Path(),
    host: Annotated[str, LOOPBACK] = "127.0.0.1",
    port: Annotated[int, PORT] = 8418,
) -> None:
    """Show the tables of this project, of a folder or of a file on a local page."""
    _do("view.run", locals())


@app.command()
def lineage(format: Annotated[Format, SHOW] = "table") -> None:
    """Say which source holds the problems of which, and whether it is declared."""
    _do("lineage.lineage", locals())


@app.command()
def lengths(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]FILE", default_factory=list, show_default=False),
    ],
    columns: Annotated[list[str], _option("--column", "trace=text")],
    tokenizer: Annotated[str, typer.Option(metavar="NAME@COMMIT")] = "packaged",
    most: Annotated[
        int, typer.Option(help="Texts of a set that are counted.")
    ] = 20_000,
    out: Annotated[
        Path | None, typer.Option(help="The folder for lengths.svg and its numbers.")
    ] = None,
    format: Annotated[Format, SHOW] = "table",
) -> None:
    """Say how long problems and traces are, in tokens, of files or of all sources."""
    _do("lengths.lengths", locals())


@app.command()
def recipe(
    action: Literal["list", "show", "use", "diff", "pin", "check"],
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", default_factory=list, show_default=False),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="use, pin: lose edits of params.yaml.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="check: a folder of files named like sources.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="list: the survey's tables.")
    ] = False,
) -> None:
    """List, show, use, pin, compare or check recipes."""
    _do("recipes.run", locals())


@app.command()
def estimate(
    tokens_per_s: Annotated[
        float | None, typer.Option(help="Else as measured in the last run.")
    ] = None,
    price: Annotated[
        str, typer.Option(help="In dollars: 2.50/h, or 0.60/M for tokens.")
    ] = "",
) -> None:
    """Say what the active recipe will cost before it runs."""
    _do("estimate.estimate", locals())


@app.command()
def check() -> None:
    """Check params.yaml, dvc.yaml, files and this machine, without running anything."""
    _do("check.check", {})


@app.command()
def compare(
    first: Annotated[
        str,
        typer.Argument(metavar="A", help="A project, a published set, or ORG/NAME."),
    ],
    second: Annotated[str, typer.Argument(metavar="B")],
    out: Annotated[
        Path | None, typer.Option(help="The folder for the rows and verdicts.")
    ] = None,
    format: Annotated[Literal["table", "json"], SHOW] = "table",
) -> None:
    """Say in which rows, verdicts and figures two runs or published sets differ."""
    _do("compare.run", locals())


@app.command()
def pull(
    repo: Annotated[
        str,
        typer.Argument(metavar="ORG/NAME", help="Or a folder with a published set."),
    ],
    revision: Annotated[
        str | None, typer.Option(help="A commit or branch; else the latest.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where it is to lie.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the recipe; else as the set is called.")
    ] = None,
) -> None:
    """Fetch a published set and write the recipe that replays it, without sampling."""
    _do("pull.pull", locals())


@app.command()
def publish(
    repo: Annotated[str, typer.Argument(metavar="ORG/NAME")],
    dry_run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write it there, upload nothing.")
    ] = None,
    public: Annotated[bool, typer.Option("--public")] = False,
) -> None:
    """Write the dataset repository, and upload it to the Hub unless --dry-run."""
    _do("publish.publish", locals())
