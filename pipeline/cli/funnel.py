"""`goldsieve funnel`: rows after each stage, why rows left, how long it took.

What a former recipe left stands beside what this one has made. A stage counts as this
recipe's where dvc.lock has run it with the settings that params.yaml has now, and where
it was given as many rows as the stage before it left; from the first that is not, none
is shown.
"""

import json
import sys
from collections import Counter
from typing import Any

from pipeline import dag, recipe, tables
from pipeline.catalog import Counts, active, is_off, read_counts
from pipeline.console import TIMINGS, clock
from pipeline.errors import UserError

LOCK = dag.FILE.with_suffix(".lock")


def funnel() -> None:
    """Print the rows after each stage, why rows left, and what training gave."""
    from rich.console import Console
    from rich.table import Column, Table

    names = ("in", "dropped", "out", "time")
    numbers = [Column(name, justify="right") for name in names]
    # A name that is cut short cannot be asked for.
    texts = [Column(name, overflow="fold") for name in ("stage", "why")]
    table = Table(
        texts[0],
        *numbers,
        texts[1],
        title="Rows after each stage",
        title_justify="left",
    )
    stages = dag.read()
    current, former = _part(stages)
    for name, counts in current.items():
        table.add_row(name, *_describe(name, counts))
    if not table.row_count:
        raise UserError(
            f"nothing has run yet{' with this recipe' if former else ''}",
            hint="dvc repro",
        )
    # In a file there is room for whole names.
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    if former:
        print(
            f"not shown, because another recipe made them: {', '.join(former)}; "
            "`dvc repro` runs them"
        )
    elif not is_off("evaluate") and not _changed("evaluate", _read_lock()):
        _print_evaluation(console)
    if spent := _read_timings():
        lock = _read_lock()
        others = {
            name: seconds
            for name, seconds in spent.items()
            if name not in current and name not in former
            if active(name) is not None and not is_off(name)
            if not _changed(name, lock)
        }
        spent = {name: s for name, s in spent.items() if name in current} | others
        longest = sorted(others, key=lambda name: -others[name])
        beside = ", ".join(f"{name} {clock(others[name])}" for name in longest)
        more = f"; beside these stages: {beside}" if beside else ""
        print(f"{clock(sum(spent.values()))} in all{more}")
    console.print(
        "Look next:\n"
        "  goldsieve view                       every row, in your browser\n"
        "  data_cards/README.md                 the data card\n"
        '  goldsieve sql "select stage, reason, count(*) from dropped group by all"\n'
        "  goldsieve explain <id>               one row's life\n"
        "  dvc plots show                       funnel, pass rates, rewards",
        highlight=False,
    )


def _part(stages: list[dag.Stage]) -> tuple[dict[str, Counts], list[str]]:
    """What each stage of this recipe counted, and the stages that a former one ran."""
    lock = _read_lock()
    current: dict[str, Counts] = {}
    former: list[str] = []
    left: int | None = None
    for stage in dag.row_stages(stages):
        if not (counts := read_counts(stage.name)):
            continue
        # A maker that is off has no rows.
        is_next = counts.is_off or left in (None, counts.rows_in)
        if former or _changed(stage.name, lock) or not is_next:
            former.append(stage.name)
            continue
        current[stage.name], left = counts, counts.rows_out
    return current, former


def _describe(name: str, counts: Counts) -> list[str]:
    """The cells of a stage's line."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.reasons)
    dropped = counts.rows_in - counts.rows_out
    rows = [f"{n:,}" for n in (counts.rows_in, dropped, counts.rows_out)]
    seconds = _read_timings().get(name)
    time = "" if seconds is None else clock(seconds)
    return [*rows, time, "off" if counts.is_off else reasons]


def _read_lock() -> dict[str, Any]:
    """The stages of dvc.lock; none where stages were run by hand."""
    lock = recipe.read_yaml(LOCK) if LOCK.exists() else None
    stages = lock.get("stages") if isinstance(lock, dict) else None
    stages = stages if isinstance(stages, dict) else {}
    return {name: run for name, run in stages.items() if isinstance(run, dict)}


def _changed(stage: str, lock: dict[str, Any]) -> bool:
    """Whether params.yaml has other settings than the stage was last run with."""
    sections = recipe.read() if recipe.RECIPE.exists() else {}
    runs = [run for name, run in lock.items() if name.partition("@")[0] == stage]
    if stage == "collect" and runs:
        sources = {f"collect@{name}" for name in sections.get("collect") or {}}
        runs = [lock.get(name, {}) for name in sources]
        if not all(runs):
            return True
    return any(
        _find(sections, section) != settings
        for run in runs
        for section, settings in run.get("params", {}).get("params.yaml", {}).items()
    )


def _find(sections: Any, path: str) -> Any:
    for name in path.split("."):
        sections = sections.get(name) if isinstance(sections, dict) else None
    return sections


def _read_timings() -> dict[str, float]:
    """Seconds of each stage when DVC last ran it; those of its entries added up."""
    spent = Counter[str]()
    for file in sorted(TIMINGS.glob("*.json")):
        spent[file.stem.partition("@")[0]] += json.loads(file.read_text("utf-8"))[
            "seconds"
        ]
    return dict(spent)


def _print_evaluation(console: Any) -> None:
    from rich.table import Column, Table

    file = tables.METRICS / "evaluate.json"
    metrics = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if not metrics.get("models"):
        return
    names = ("pass@1", "95% interval", "tokens", "truncated")
    numbers = [Column(name, justify="right") for name in names]
    table = Table("model", *numbers, title="Held-out problems", title_justify="left")
    for name, scores in metrics["models"].items():
        rate, (low, high) = scores["pass@1"], scores["pass@1_interval"]
        table.add_row(
            name,
            "nothing decided" if rate is None else f"{rate:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{scores['mean_tokens']:,.0f}",
            f"{scores['truncated'] / scores['samples']:.1%}",
        )
    console.print(table)
    for benchmark, chosen in metrics.get("settings", {}).items():
        console.print(f"{benchmark}: {_describe_sampling(chosen)}")


def _describe_sampling(chosen: dict[str, Any]) -> str:
    """How a benchmark was sampled, in words."""
    unlike = ", ".join(chosen["unlike_preset"])
    preset = f", as {chosen['preset']}" if chosen["preset"] else ""
    return (
        f"{chosen['samples']} samples, temperature {chosen['temperature']}, "
        f"top_p {chosen['top_p']}, at most {chosen['max_tokens']:,} tokens"
        f"{preset}{f' but for {unlike}' if unlike else ''}"
    )
