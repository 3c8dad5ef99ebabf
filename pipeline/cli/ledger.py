"""The ledger: query every table, tell one row's life, print the funnel."""

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag
from pipeline.catalog import is_off, list_views, views
from pipeline.errors import UserError

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection
NO_VIEWS = "in a project that has run, tables have names; a file is 'FILE'"
SHOWN = 80  # characters of a text that a stage added to a row


def sql(query: str, *, format: str = "table") -> None:
    """Query the tables by name in DuckDB; `dropped` is the ledger of all stages.

    The result is printed as a table, CSV or JSON lines.
    """
    import duckdb

    connection = views()
    if not query.strip():
        raise UserError(
            "the query is empty", hint=f"views: {', '.join(list_views(connection))}"
        )
    try:
        # A query that reads as one may still fail on a row, while it is shown.
        result = connection.sql(query)
        text = _format(result, format) if result else ""
    except duckdb.Error as error:
        known = ", ".join(list_views(connection))
        hint = f"views: {known}" if known else NO_VIEWS
        raise UserError(str(error), hint=hint) from None
    print(text, end="")


def _format(result: "duckdb.DuckDBPyRelation", format: str) -> str:
    """The rows as a table for the eye, as CSV or as lines of JSON."""
    if format == "table":
        return f"{result}\n"
    table = pl.DataFrame(result.to_arrow_table())
    if format == "json":
        return table.write_ndjson()
    nested = [name for name, kind in table.schema.items() if kind.is_nested()]
    return table.with_columns([_as_json(table[name]) for name in nested]).write_csv()


def _as_json(column: pl.Series) -> pl.Series:
    """Lists and structs as JSON, which a cell of a CSV can hold."""
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str)
        for value in column.to_list()
    ]
    return pl.Series(column.name, texts, pl.String)


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
            if value not in (None, ""):
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
