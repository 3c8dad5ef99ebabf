"""The ledger: query every table, tell one row's life, print the funnel."""

import json
from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag, tables
from pipeline.catalog import is_off, list_views, read_counts, views
from pipeline.errors import UserError

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection
SHOWN = 80  # characters of a text that a stage added to a row


def sql(query: str, *, format: str = "table") -> None:
    """Query the tables by name in DuckDB; `dropped` is the ledger of all stages.

    The result is printed as a table, CSV or JSON lines.
    """
    import duckdb

    connection = views()
    try:
        result = connection.sql(query)
    except duckdb.Error as error:
        known = ", ".join(list_views(connection))
        hint = f"views: {known}" if known else "run `dvc repro` first"
        raise UserError(str(error), hint=hint) from None
    if result is None:
        return
    if format == "table":
        print(result)
        return
    table = pl.DataFrame(result.to_arrow_table())
    print(table.write_csv() if format == "csv" else table.write_ndjson(), end="")


def explain(id: str) -> None:
    """Print the row `id`: where from, which stages kept it, who dropped it and why."""
    from rich.console import Console

    connection = views()
    console = Console(soft_wrap=True, highlight=False)
    row = _find(connection, "pool", id) or _find(connection, "dropped", id)
    if row is None:
        raise UserError(f"no row is called {id!r}", hint=_suggest(connection, id))
    console.print(f"[bold]{id}[/]  source {row['source']}, {row['license'] or 'n/a'}")
    console.print(f"problem  {row['problem']}", markup=False)
    console.print(f"answer   {row['answer']}  ({row['verifier']})", markup=False)
    _print_kept(console, connection, id)
    _print_traces(console, connection, id)
    if lost := _find(connection, "dropped", id):
        _print_drop(console, connection, lost)
    else:
        console.print("[bold green]in the data set[/]")


def _print_kept(console: Any, connection: "Connection", id: str) -> None:
    """The stages that kept the row, each with the plain values that it added."""
    from rich.markup import escape

    before: dict[str, Any] | None = None
    for stage in dag.row_stages(dag.read()):
        if stage.name not in list_views(connection):
            continue
        row = _find(connection, stage.name, id)
        if row is None:
            return
        added = [
            f"{name} {value:.3g}"
            if isinstance(value, float)
            else f"{name} {str(value)[:SHOWN]}"
            for name, value in row.items()
            if before is not None and name not in before
            if isinstance(value, bool | int | float | str)
        ]
        before = row
        off = " (off)" if is_off(stage.name) else ""
        text = f"by {stage.name}{off}{': ' * bool(added)}{', '.join(added)}"
        console.print(f"[green]kept[/]     {escape(text)}")


def _print_traces(console: Any, connection: "Connection", id: str) -> None:
    """How many of the row's traces are learnt from, and why the others are not."""
    if "select_traces" not in list_views(connection):
        return
    fates = connection.sql(
        "select coalesce(reason, 'learnt from'), count(*) from select_traces "
        "where id = ? group by reason order by reason nulls first",
        params=[id],
    ).fetchall()
    if fates:
        console.print(f"traces   {', '.join(f'{fate} {n}' for fate, n in fates)}")


def _print_drop(console: Any, connection: "Connection", lost: dict[str, Any]) -> None:
    score = f", score {lost['score']:.3f}" if lost["score"] is not None else ""
    console.print(f"[red]dropped[/]  by {lost['stage']}: {lost['reason']}{score}")
    if lost["evidence"]:
        for name, value in json.loads(lost["evidence"]).items():
            console.print(f"         {name}: {value}", markup=False)
    if lost["twin"]:
        twin = _find(connection, "pool", lost["twin"])
        twin = twin or _find(connection, "benchmarks", lost["twin"])
        text = f": {twin['problem']}  (answer {twin['answer']})" if twin else ""
        console.print(f"twin     {lost['twin']}{text}", markup=False)


def _find(connection: "Connection", view: str, id: str) -> dict[str, Any] | None:
    """The row `id` of a view; None where the row or the view is missing."""
    if view not in list_views(connection):
        return None
    rows = connection.sql(f'from "{view}" where id = ? limit 1', params=[id]).pl()
    return rows.row(0, named=True) if rows.height else None


def _suggest(connection: "Connection", id: str) -> str:
    """Ids that look like `id`, or what to do to get some."""
    if "pool" not in list_views(connection):
        return "run `dvc repro` first"
    known = [row[0] for row in connection.execute("select id from pool").fetchall()]
    close = get_close_matches(id, known, 3)
    return f"did you mean {', '.join(close)}?" if close else "ids read <source>/<row>"


def funnel() -> None:
    """Print the rows after each stage, why rows left, and what training gave."""
    from rich.console import Console
    from rich.table import Column, Table

    numbers = [Column(name, justify="right") for name in ("in", "dropped", "out")]
    table = Table(
        "stage", *numbers, "why", title="Rows after each stage", title_justify="left"
    )
    for stage in dag.row_stages(dag.read()):
        if parts := read_counts(stage.name):
            rows_in, rows_out = (
                sum(part[name] for part in parts) for name in ("rows_in", "rows_out")
            )
            dropped = sum((Counter(part["dropped"]) for part in parts), Counter())
            why = sorted(dropped.items(), key=lambda pair: (-pair[1], pair[0]))
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in why)
            counts = [f"{n:,}" for n in (rows_in, rows_in - rows_out, rows_out)]
            is_off = all(part.get("off") for part in parts)
            table.add_row(stage.name, *counts, "off" if is_off else reasons)
    if not table.row_count:
        raise UserError("nothing has run yet", hint="dvc repro")
    console = Console()
    console.print(table)
    _print_evaluation(console)
    console.print(
        "Look next:\n"
        "  data_cards/README.md                 the data card\n"
        '  goldsieve sql "select stage, reason, count(*) from dropped group by all"\n'
        "  goldsieve explain <id>               one row's life\n"
        "  dvc plots show                       funnel, pass rates, rewards",
        highlight=False,
    )


def _print_evaluation(console: Any) -> None:
    from rich.table import Column, Table

    file = tables.METRICS / "evaluate.json"
    metrics = json.loads(file.read_text()) if file.exists() else {}
    if not metrics.get("models") or is_off("evaluate"):
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
