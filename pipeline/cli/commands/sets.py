"""The commands that work on any file or set, and the steps that dvc.yaml calls."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.commands.shared import (
    COLUMN,
    HOST,
    OUT,
    PORT,
    SHOW,
    Format,
    command,
    do,
    filters,
    makers,
    one_of,
    option,
    verifiers,
)


@command("lengths")
def lengths(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE",
            default_factory=list,
            show_default=False,
            help="Files with `problem` or `trace` columns, each a set of its name. "
            "Without any, the project's sources and samples.",
        ),
    ],
    columns: Annotated[list[str], COLUMN],
    tokenizer: Annotated[
        str,
        typer.Option(
            metavar="NAME@COMMIT|FOLDER",
            help="Tokenizer that counts; `packaged` is SmolLM2's, without the Hub.",
        ),
    ] = "packaged",
    most: Annotated[
        int,
        typer.Option(
            min=1, help="Texts of a set to count at most, evenly over the file."
        ),
    ] = 20_000,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write lengths.svg and lengths.json there."),
    ] = None,
    format: Annotated[Format, SHOW] = "table",
) -> None:
    """Say how long problems and traces are, in tokens."""
    do("lengths.lengths", locals())


@command("compare")
def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A project that has run, a folder that `publish` wrote, or a set of "
            "the Hub.",
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    out: Annotated[Path | None, OUT] = None,
    format: Annotated[Literal["table", "json"], SHOW] = "table",
) -> None:
    """Say in which rows, verdicts and figures two runs or sets differ.

    Figures have 95% intervals.
    """
    do("compare.run", locals())


@command("filter")
def run_filter(
    name: Annotated[str, typer.Argument(metavar="STAGE", **one_of(filters))],
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="The rows to judge, then what they are compared with, such as the "
            "items of a benchmark (decontaminate).",
        ),
    ],
    settings: Annotated[
        list[str],
        option(
            "--set",
            "KEY=VALUE",
            "A setting of the stage, as its page in docs/ lists them. May be repeated.",
        ),
    ],
    columns: Annotated[list[str], COLUMN],
    out: Annotated[Path | None, OUT] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An earlier release: rows near to its rows are dropped (dedup_ngram).",
        ),
    ] = None,
) -> None:
    """Judge the rows of any file by one filter, and split it.

    The file is parquet, Arrow, JSON, JSON lines, CSV or TSV, and has a column problem.
    Writes kept.parquet, dropped.parquet (each row with reason, twin, score and
    evidence) and metrics.json into --out. Without --out it is the step of a project
    that dvc.yaml calls, and writes into data/.
    """
    do("stages.run_filter", locals())


@command("score")
def score(
    pairs: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Rows with gold and prediction, and where the verifier needs them "
            "info and problem.",
        ),
    ],
    verifier: Annotated[str, typer.Option(**one_of(verifiers))],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write them, else they are printed."
        ),
    ] = None,
) -> None:
    """Judge predictions against gold answers, row by row.

    Gives each row again as a line of JSON, with correct (true, false, or null where it
    cannot be decided), extracted and why. Programs (code) run in a sandbox; their tests
    stand in info, as docs/verify_info.md has them.
    """
    do("score.run", locals())


@command("serve")
def serve(
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 8417,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="File with the token; or it is in GOLDSIEVE_TOKEN."
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(help="Rows that may wait or be judged at once.")
    ] = 50_000,
    drain_s: Annotated[
        float, typer.Option(help="Seconds to finish what waits, at SIGTERM.")
    ] = 30.0,
) -> None:
    """Serve the verifiers over HTTP, for trainers on other machines.

    POST /verdicts; GET /health, /metrics, /verifiers. Trainers find it by
    GOLDSIEVE_SERVER=http://HOST:PORT.
    """
    do("serve.run", locals())


@command("make")
def run_make(
    name: Annotated[str, typer.Argument(metavar="STAGE", **one_of(makers))],
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            default_factory=list,
            show_default=False,
            help="What the stage reads, in the order of dvc.yaml.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder that model, export or card writes."),
    ] = None,
) -> None:
    """Run one stage that makes a table or a folder, as dvc.yaml does.

    collect.NAME reads the source NAME of the recipe.
    """
    do("stages.run_make", locals())
