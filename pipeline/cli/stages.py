"""Run one stage as dvc.yaml does: read its inputs, call it, write what it returns.

A stage that is `off` runs too, so that DVC finds every output: a filter passes its
rows through, a maker leaves its tables empty. What a folder holds then is the
business of the stage's own `build`.
"""

import json
from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import polars as pl

from pipeline import dag, filter, recipe, tables
from pipeline.errors import UserError
from pipeline.filter import JudgedParts, Outcome
from pipeline.owners import PATIENCE_S, owning
from pipeline.project import find_file
from pipeline.schema import VERDICT
from pipeline.shards import Parts

Kind = Literal["build", "make", "judge"]


def run_filter(
    name: str,
    inputs: list[Path],
    out: Path | None,
    settings: list[str],
    columns: list[str],
    against: Path | None = None,
) -> None:
    """Judge the first table, with the others at hand, and split it."""
    stages = dag.stage_names()
    swapped = [path.name for path in inputs if path.name in stages]
    if swapped and name not in stages:
        hint = f"goldsieve filter {swapped[0]} {name}"
        raise UserError("the stage comes before the files", hint=hint)
    module = dag.load_stage(name)
    inputs = [*inputs, against] if against else inputs
    if out is None and not _is_table(inputs[0]):
        raise UserError(
            f"{inputs[0]} is no table of the pipeline",
            hint=f"a file of your own: goldsieve filter {name} {inputs[0]} --out DIR",
        )
    if stage_kind(module) != "judge":
        raise UserError(f"{name} is not a filter", hint=f"goldsieve make {name} …")
    _check_count(module.judge, name, len(inputs), own={"params"})
    written = out / "kept.parquet" if out else tables.DATA / name
    with owning(written, patience_s=PATIENCE_S):
        if out is None:
            _judge(module, name, inputs)
        else:
            from pipeline.cli import standalone

            standalone.run(module, name, inputs, out, settings, columns)


def _is_table(path: Path) -> bool:
    return path.is_dir() or path.suffix in ("", ".parquet")


def _judge(module: ModuleType, name: str, inputs: list[Path]) -> None:
    params = recipe.load(module.Params, name)
    rows, others = tables.find(inputs[0]), _read_inputs(module.judge, inputs[1:], 2)
    decision = filter.decide(module, rows.schema, rows.read, params, *others)
    parts = decision.judged(rows.parts(decision.passed))
    _write_judged(JudgedParts(decision.schema, parts), name, off=params is None)
    for table, schema in getattr(module, "TABLES", {}).items():
        content = decision.tables.get(table, schema.to_frame())
        tables.write(content, tables.DATA / name / f"{table}.parquet")


def run_make(name: str, inputs: list[Path], out: Path | None) -> None:
    """Make a table, or a folder, from others; "collect.gsm8k" names one source."""
    stage, _, entry = name.partition(".")
    module = dag.load_stage(stage)
    kind = stage_kind(module)
    if kind == "judge":
        raise UserError(f"{name} is not a maker", hint=f"goldsieve filter {name} …")
    count = len(inputs) + bool(entry)
    _check_count(getattr(module, kind), name, count, own={"params", "out"})
    params = recipe.load(module.Params, name)
    written = out or tables.DATA / name.replace(".", "/")
    with owning(written, patience_s=PATIENCE_S):
        own = [entry] if entry else []
        others = _read_inputs(getattr(module, kind), inputs, before=1 + len(own))
        _make(module, name, params, out, [*own, *others])


def _make(
    module: ModuleType, name: str, params: Any, out: Path | None, contents: list[Any]
) -> None:
    kind = stage_kind(module)
    if kind == "build":
        _build(module, name, params, out, contents)
    elif params is None:
        _write(_nothing(module), name, module, off=True)
    else:
        _write(module.make(params, *contents), name, module)


def _read_inputs(
    function: Callable[..., Any], inputs: list[Path], before: int
) -> list[Any]:
    """What a stage is called with, behind other arguments.

    A table goes to a parameter of Shards part by part, and else as a whole.
    """
    taken = [*signature(function).parameters.values()][before:]
    return [
        tables.read_parts(path)
        if "Shards" in str(parameter.annotation) and path.suffix == ".parquet"
        else tables.read(find_file(path))
        for path, parameter in zip(inputs, taken, strict=False)
    ]


def stage_kind(module: ModuleType) -> Kind:
    """Which of `build`, `make` and `judge` the stage has; the first counts."""
    kinds: tuple[Kind, ...] = ("build", "make", "judge")
    return next(kind for kind in kinds if hasattr(module, kind))


def _check_count(
    function: Callable[..., Any], name: str, count: int, *, own: set[str]
) -> None:
    """UserError where a stage gets more or fewer inputs than it takes."""
    taken = {n: p for n, p in signature(function).parameters.items() if n not in own}
    needed = [name for name, p in taken.items() if p.default is Parameter.empty]
    if not len(needed) <= count <= len(taken):
        most = f" to {len(taken)}" if len(taken) > len(needed) else ""
        raise UserError(
            f"{name} takes {len(needed)}{most} inputs, {count} given",
            hint=f"in order: {', '.join(taken) or 'none'}",
        )


def _build(
    module: ModuleType, name: str, params: Any, out: Path | None, contents: list[Any]
) -> None:
    if out is None:
        raise UserError(f"{name} needs --out FOLDER")
    metrics = module.build(params, out, *contents)
    if metrics is not None:
        _count(name, metrics, off=params is None)


def _nothing(module: ModuleType) -> Any:
    """What a maker that is off makes: the kind of result it returns, without rows."""
    returned = signature(module.make).return_annotation
    if returned in (Outcome, JudgedParts):
        return JudgedParts(pl.Schema({**module.SCHEMA, **VERDICT}), ())
    is_sharded = getattr(returned, "__origin__", None) is Iterator
    return iter(()) if is_sharded else module.SCHEMA.to_frame()


def _write(content: Any, name: str, module: ModuleType, *, off: bool = False) -> None:
    """Write judged rows, one table, or an iterator of shards, and count the rows."""
    if isinstance(content, Outcome):
        content = content.parts()
    if isinstance(content, JudgedParts):
        _write_judged(content, name, off=off)
        return
    path = tables.DATA / name.replace(".", "/")
    if isinstance(content, Parts):
        rows = tables.write_parts(content, path.with_suffix(".parquet"))
    elif isinstance(content, pl.DataFrame):
        tables.write(content, path.with_suffix(".parquet"))
        rows = content.height
    else:
        rows = tables.write_shards(content, module.SCHEMA, path)
    _count(name, {"rows_out": rows}, off=off)


def _write_judged(judged: JudgedParts, name: str, *, off: bool) -> None:
    file = f"{name.replace('.', '/')}.parquet"
    dropped = tables.DROPPED / file
    metrics = tables.write_split(judged, tables.DATA / file, dropped)
    _count(name, metrics, off=off)
    if not off and metrics["rows_in"] and not metrics["rows_out"]:
        _refuse_nothing(name, metrics, dropped)


class NothingLeft(UserError):
    """Rows came and none is left: what is behind has nothing to do."""


def _refuse_nothing(name: str, metrics: dict[str, Any], dropped: Path) -> None:
    """NothingLeft, with the reasons.

    The tables are written by then, and say why.
    """
    why = ", ".join(f"{reason} {n:,}" for reason, n in metrics["dropped"].items())
    # What a source could not read says more than that.
    detail = pl.col("evidence").str.json_path_match("$.detail").drop_nulls()
    details = pl.scan_parquet(dropped).select(detail.first()).collect().item()
    first = f"; the first: {details}" if details else ""
    stage = name.partition(".")[0]
    raise NothingLeft(
        f"{name} keeps none of {metrics['rows_in']:,} rows: {why}{first}",
        hint=f"mend the section `{name}` of {recipe.RECIPE}; the rows are in goldsieve "
        f"sql \"from dropped where stage = '{stage}' limit 5\"",
    )


def _count(name: str, metrics: dict[str, Any], *, off: bool) -> None:
    metrics = metrics | ({"off": True} if off else {})
    tables.write_metrics(metrics, name)
    print(f"{name}: {json.dumps(metrics)}")
