"""Try recipes end to end on fixtures, and say which of them do not hold.

A recipe fails by an error, by rows that nobody accounts for, by other bytes in a second
run, by a number from nowhere, or by an operator that touches no row.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from pipeline import dag, recipes
from pipeline.cli import recipe_tables
from pipeline.cli.recipe_check import findings, fixtures, run
from pipeline.cli.recipe_check.fixtures import Data
from pipeline.cli.recipe_check.scripted import Script, Server, serve
from pipeline.errors import UserError
from pipeline.parallel import warm_workers

# Numbers of rows that a published set has, and no fixture.
OF_COUNTS = {"collect.limit", "pool.quotas"}


@dataclass
class Report:
    """What became of one recipe; `folder` holds the outputs while the bench is open."""

    name: str
    folder: Path
    counts: dict[str, findings.Count] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Bench:
    """A folder to work in and a model that answers, for as many recipes as wanted."""

    folder: Path
    server: Server


@contextmanager
def open_bench() -> Iterator[Bench]:
    """A bench in a temporary folder, with warm workers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="recipes-")))
        server = stack.enter_context(serve())
        judge = json.dumps({"endpoint": {"url": server.url}})
        own = {"GOLDSIEVE_MACHINE": "", "PIPELINE_WORKERS": "1"}
        stack.enter_context(run.environment(**own, GOLDSIEVE_JUDGE=judge))
        stack.enter_context(warm_workers())
        yield Bench(folder, server)


def check(names: list[str], *, data: Path | None = None) -> None:
    """Print what becomes of the rows of each recipe.

    Without `names`, of all that the project has files of.
    `data` is a folder with files called after sources, in place of their fixtures.
    Raises UserError where one of them fails.
    """
    if data and not data.is_dir():
        raise UserError(f"--data {data} is no folder", hint="name one that has files")
    files = (
        {file.name.partition(".")[0]: file for file in data.iterdir()} if data else {}
    )
    failed = []
    with open_bench() as bench:
        for name in names or filter(recipes.is_own, recipes.names()):
            report = check_recipe(name, bench, files)
            print("\n".join(describe(report)), flush=True)
            failed += [name] if report.mistakes else []
    if failed:
        count = "1 recipe fails" if len(failed) == 1 else f"{len(failed)} recipes fail"
        hint = "what each lacks is said above"
        raise UserError(f"{count}: {', '.join(failed)}", hint=hint)


def check_recipe(
    name: str, bench: Bench, data: Data | None = None, *, until: str = "card"
) -> Report:
    """Run one recipe twice; `data` maps sources and benchmarks to where they lie."""
    start = time.process_time()
    report = Report(name, Path(mkdtemp(prefix=name, dir=bench.folder)) / "first")
    try:
        sections = recipes.resolve(name)
        report.mistakes += recipes.find_unsourced(recipes.read_own(name))
        placed = fixtures.replace_data(sections, data or {})
        placed = fixtures.replace_models(placed, bench.server.url)
        _run_twice(report, placed, bench, until)
        operators = recipe_tables.read_about(sections).operators
        if until == "card":
            default = set(recipe_tables.operators(sections)) - OF_COUNTS
            wanted = sorted(default if operators is None else operators)
            report.mistakes += findings.find_idle(wanted, report.counts, sections)
    except UserError as error:
        report.mistakes.append(str(error))
    report.cpu_s = time.process_time() - start
    return report


def _run_twice(
    report: Report, sections: dict[str, Any], bench: Bench, until: str
) -> None:
    machine = {"workers": 1, "engine": {"urls": [bench.server.url], "concurrency": 8}}
    second = report.folder.with_name("second")

    def count(stage: dag.Stage) -> None:
        if counted := findings.count(stage, sections):
            report.counts[stage.name] = counted
            may_grow = stage.kind == "make"
            report.mistakes.extend(
                findings.find_unaccounted(stage.name, counted, may_grow=may_grow)
            )

    bench.server.script = script = Script()
    with run.environment(GOLDSIEVE_CACHE=str(report.folder.with_name("cache"))):
        for folder, after in ((report.folder, count), (second, lambda stage: None)):
            run.lay_out(folder, sections, machine)
            run.run_stages(folder, script, until=until, after=after)
    before, again = map(run.digest_outputs, (report.folder, second))
    report.mistakes += findings.find_other_bytes(before, again)


def describe(report: Report) -> Iterator[str]:
    """Lines about one recipe: what came, stayed and left at each stage."""
    verdict = "FAIL" if report.mistakes else "ok  "
    yield f"{verdict}  {report.name}  {report.cpu_s:.1f} s"
    for stage, counted in report.counts.items():
        if counted.came != counted.kept or counted.reasons:
            reasons = ", ".join(f"{why} {n}" for why, n in counted.reasons.items())
            yield f"      {stage:20} {counted.came:5} → {counted.kept:5}  {reasons}"
    for mistake in report.mistakes:
        yield f"      {report.name}: {mistake}"
