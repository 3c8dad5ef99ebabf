"""goldsieve: what dvc.yaml runs, and what you type to look around.

Stages are found by name when they are asked for, so starting stays cheap.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from pipeline import filter, recipe, tables
from pipeline.cli import standalone
from pipeline.console import run
from pipeline.errors import UserError

_empty = Parameter.empty
STAGES = Path(__file__).parent.parent / "stages"


def stage(name: str) -> ModuleType:
    """The module of a stage; the files in `stages/` are the only registry."""
    files = [*STAGES.glob("[a-z]*.py"), *STAGES.glob("[a-z]*/__init__.py")]
    names = {
        file.parent.name if file.stem == "__init__" else file.stem for file in files
    }
    known = sorted(names - {"sources"})
    if name not in known:
        raise UserError(f"no stage is called {name!r}", hint=f"try {', '.join(known)}")
    return import_module(f"stages.{name}")


def run_filter(
    name: str,
    inputs: list[Path],
    out: Path | None,
    set: list[str],
    column: list[str],
    against: Path | None = None,
) -> None:
    """Judge the first table, with the others at hand, and split it."""
    module = stage(name)
    inputs = [*inputs, against] if against else inputs
    if _kind(module) != "judge":
        raise UserError(f"{name} is not a filter", hint=f"goldsieve make {name} …")
    _check_inputs(module.judge, name, len(inputs), own={"params"})
    if out is not None:
        standalone.run(module, name, inputs, out=out, settings=set, columns=column)
        return
    params = recipe.load(module.Params, name)
    rows, *others = map(tables.read, inputs)
    outcome = filter.run_stage(module, rows, params, *others)
    _write_outcome(outcome, name, Path(name), off=params is None)
    for table, schema in getattr(module, "TABLES", {}).items():
        made = outcome.tables.get(table, schema.to_frame())
        tables.write(made, tables.DATA / name / f"{table}.parquet")


def run_make(name: str, inputs: list[Path], out: Path | None) -> None:
    """Make a table, or a folder, from others; "collect.gsm8k" names one source."""
    stage_name, _, entry = name.partition(".")
    module = stage(stage_name)
    kind = _kind(module)
    if kind == "judge":
        raise UserError(f"{name} is not a maker", hint=f"goldsieve filter {name} …")
    count = len(inputs) + bool(entry)
    _check_inputs(getattr(module, kind), name, count, own={"params", "out"})
    params = recipe.load(module.Params, name)
    given = [*([entry] if entry else []), *map(tables.read, inputs)]
    if kind == "build":
        if out is None:
            raise UserError(f"{name} needs --out FOLDER")
        metrics = module.build(params, out, *given)
        if metrics is not None:
            tables.write_metrics(metrics, name)
        print(f"{name}: {json.dumps(metrics) if metrics else out}")
        return
    made = module.SCHEMA.to_frame() if params is None else module.make(params, *given)
    _write_made(made, name, Path(name.replace(".", "/")), module)


def _kind(module: ModuleType) -> str:
    """Which of build, make and judge the stage is; the first it has counts."""
    return next(kind for kind in ("build", "make", "judge") if hasattr(module, kind))


def _check_inputs(
    function: Callable[..., Any], name: str, count: int, *, own: set[str]
) -> None:
    """UserError where a stage is given more or fewer inputs than it takes."""
    taken = {n: p for n, p in signature(function).parameters.items() if n not in own}
    needed = [name for name, taken_as in taken.items() if taken_as.default is _empty]
    if not len(needed) <= count <= len(taken):
        most = f" to {len(taken)}" if len(taken) > len(needed) else ""
        raise UserError(
            f"{name} takes {len(needed)}{most} inputs, {count} given",
            hint=f"in order: {', '.join(taken) or 'none'}",
        )


def _write_made(made: Any, name: str, place: Path, module: ModuleType) -> None:
    if isinstance(made, filter.Outcome):
        _write_outcome(made, name, place)
    elif isinstance(made, pl.DataFrame) and not _is_sharded(module):
        tables.write(made, tables.DATA / place.with_suffix(".parquet"))
        _count(name, made.height)
    else:
        shards = [made] if isinstance(made, pl.DataFrame) else made
        rows = tables.write_shards(shards, module.SCHEMA, tables.DATA / place)
        _count(name, rows)


def _is_sharded(module: ModuleType) -> bool:
    """Whether the stage makes shards, and so a folder, even when it is off."""
    made = signature(module.make).return_annotation
    return getattr(made, "__origin__", None) is Iterator


def _write_outcome(
    outcome: filter.Outcome, name: str, place: Path, *, off: bool = False
) -> None:
    file = place.with_name(place.name + ".parquet")
    tables.write(outcome.kept, tables.DATA / file)
    tables.write(outcome.dropped, tables.DROPPED / file)
    metrics = outcome.metrics | ({"off": True} if off else {})
    tables.write_metrics(metrics, name)
    print(f"{name}: {json.dumps(metrics)}")


def _count(name: str, rows: int) -> None:
    tables.write_metrics({"rows_out": rows}, name)
    print(f"{name}: {rows:,} rows")


def run_score(pairs: Path, verifier: str, out: Path | None) -> None:
    """Judge lines of {"id", "gold", "prediction", "info"?} with a verifier."""
    from pipeline.cli import score

    score.run(pairs, verifier=verifier, out=out)


def run_sql(query: str, format: str) -> None:
    """Query the tables by name in DuckDB; `dropped` is the ledger of all stages."""
    from pipeline.cli import ledger

    ledger.sql(query, format=format)


def run_explain(id: str) -> None:
    """Tell one row's life: where it came from, who kept it, who dropped it and why."""
    from pipeline.cli import ledger

    ledger.explain(id)


def run_funnel() -> None:
    """Print the rows after each stage, why rows left, and what training gave."""
    from pipeline.cli import ledger

    ledger.funnel()


def run_recipe(action: str, names: list[str]) -> None:
    """List, show, use or compare the named recipes."""
    from pipeline.cli import recipes

    recipes.run(action, names)


def run_estimate(tokens_per_s: float) -> None:
    """Say what the active recipe will cost before it runs."""
    from pipeline.cli import estimate

    estimate.estimate(tokens_per_s=tokens_per_s)


def run_check() -> None:
    """Check params.yaml, dvc.yaml and the environment, without running anything."""
    from pipeline.cli import check

    check.check(stage)


def run_publish(repo: str, dry_run: Path | None, public: bool) -> None:
    """Write the dataset repository, and upload it to the Hub unless --dry-run."""
    from pipeline.cli import publish

    publish.publish(repo, dry_run=dry_run, public=public)


def parser() -> argparse.ArgumentParser:
    """The command line, whole."""
    top = argparse.ArgumentParser(prog="goldsieve", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., None]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        made.set_defaults(run=run)
        return made

    add = command("filter", run_filter).add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="+", type=Path)
    add("--out", type=Path, help="stand-alone: write the results into this folder")
    add("--against", type=Path, help="an earlier release: drop what is near to it")
    add("--set", action="append", default=[], metavar="KEY=VALUE")
    add("--column", action="append", default=[], metavar="problem=question")

    add = command("make", run_make).add_argument
    add("name", metavar="STAGE")
    add("inputs", metavar="INPUT", nargs="*", type=Path)
    add("--out", type=Path, help="the folder that model, export and card write")

    add = command("score", run_score).add_argument
    add("pairs", metavar="PAIRS.jsonl", type=Path)
    add("--verifier", required=True)
    add("--out", type=Path)

    add = command("sql", run_sql).add_argument
    add("query")
    add("--format", choices=["table", "csv", "json"], default="table")

    command("explain", run_explain).add_argument("id")
    command("funnel", run_funnel)

    add = command("recipe", run_recipe).add_argument
    add("action", choices=["list", "show", "use", "diff"])
    add("names", nargs="*", metavar="NAME")

    add = command("estimate", run_estimate).add_argument
    add("--tokens-per-s", type=float, default=4000.0)

    command("check", run_check)

    add = command("publish", run_publish).add_argument
    add("repo")
    add("--dry-run", type=Path, metavar="DIR")
    add("--public", action="store_true")
    return top


def main() -> int:
    arguments = vars(parser().parse_args())
    function = arguments.pop("run")
    return run(lambda: function(**arguments))


if __name__ == "__main__":
    sys.exit(main())
