"""What all commands share: the application, names to choose from, common options.

Names of stages and verifiers are those of files, so that help and completion know a
new one.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipeline.cli.commands.examples import below

HOME = Path(__file__).parents[3]
app = typer.Typer(
    name="goldsieve",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich would cost a third of the start
    pretty_exceptions_enable=False,
)
Format = Literal["table", "csv", "json"]


def do(target: str, arguments: dict[str, Any]) -> None:
    """Call a function of `pipeline/cli` by its module and name."""
    module, _, function = target.partition(".")
    getattr(import_module(f"pipeline.cli.{module}"), function)(**arguments)


def stages() -> list[str]:
    """The stages; what else lies in the folder is none."""
    names = {each.stem for each in (HOME / "stages").glob("[a-z]*")}
    return sorted(names - {"sources", "py"})


def filters() -> list[str]:
    """The stages that judge rows; the others make tables. Nothing is imported."""
    return [name for name in stages() if "\ndef judge(" in _read_stage(name)]


def makers() -> list[str]:
    """The stages that make tables or folders."""
    return sorted({*stages()} - {*filters()})


def _read_stage(name: str) -> str:
    file = HOME / "stages" / name / "__init__.py"
    file = file if file.exists() else HOME / f"stages/{name}.py"
    return file.read_text("utf-8")


def verifiers() -> list[str]:
    """The verifiers: files with a `verify` in them."""
    folder = HOME / "pipeline/verifiers"
    files = sorted(folder.glob("[a-z]*.py"))
    return [file.stem for file in files if file.stem != "contract"]


def _complete(names: Callable[[], list[str]]) -> Callable[[str], list[str]]:
    return lambda incomplete: [n for n in names() if n.startswith(incomplete)]


def one_of(names: Callable[[], list[str]]) -> dict[str, Any]:
    return {
        "help": f"One of {', '.join(names())}.",
        "autocompletion": _complete(names),
    }


def option(name: str, metavar: str, help: str) -> Any:
    """An option that may be given again and again."""
    return typer.Option(
        name, metavar=metavar, help=help, default_factory=list, show_default=False
    )


def command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command, with its examples below its help."""
    return app.command(name, epilog=below(name))


SHOW = typer.Option(help="How the result is printed.")
HOST = typer.Option(
    help="Address to listen on. One that other machines can reach needs a token."
)
PORT = typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")
OUT = typer.Option(metavar="DIR", help="Write the results into this folder.")
COLUMN = option(
    "--column",
    "problem=question",
    "Our name of a column = its name in the file. May be repeated.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"goldsieve {version('goldsieve')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Make verified training sets of reasoning problems, and see why each row stayed.

    A project around your own file: `goldsieve init DIR FILE`. Then, in DIR, `goldsieve
    check`, `dvc repro card`, `goldsieve funnel` and `goldsieve view`. Without a project
    `filter`, `score` and `view` work on any file.
    """
