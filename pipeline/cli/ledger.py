"""The ledger: query every table, tell one row's life, print the funnel.

All tables are views in an in-memory DuckDB, named as the stages that wrote them;
`dropped` is the union of what every stage dropped, with the stage's name.
"""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag, recipe, tables
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
        known = ", ".join(_views(connection))
        hint = f"views: {known}" if known else "run `dvc repro` first"
        raise UserError(str(error), hint=hint) from None
    if result is None:
        return
    if format == "table":
        print(result)
        return
    table = pl.DataFrame(result.to_arrow_table())
    print(table.write_csv() if format == "csv" else table.write_ndjson(), end="")


def views() -> "Connection":
    """A connection with one view per table, and `dropped` over all of them."""
    import duckdb

    connection = duckdb.connect()
    for name, files in _table_files().items():
        # Quoted: `select` is a stage, and a word of SQL.
        connection.execute(f'create view "{name}" as from read_parquet({files})')
    dropped = dropped_files()
    if dropped:
        prefix = len(str(tables.DROPPED)) + 2
        connection.execute(
            f"create view dropped as select "
            f"split_part(replace(substr(filename, {prefix}), '.parquet', ''), '/', 1) "
            f"as stage, * exclude (filename) from read_parquet("
            f"{[str(file) for file in dropped]}, union_by_name=true, filename=true)"
        )
    return connection


def dropped_files() -> list[Path]:
    """The tables of dropped rows; of sources, only those of the active recipe.

    DVC leaves the files of an earlier recipe where they are.
    """
    sources = _active("collect")
    return [
        file
        for file in sorted(tables.DROPPED.rglob("*.parquet"))
        if file.parent == tables.DROPPED or sources is None or file.stem in sources
        if _has_columns(file)
    ]


def _active(section: str) -> Any:
    """The section of the active recipe; None where there is no recipe."""
    return recipe.read().get(section) if recipe.RECIPE.exists() else None


def _is_off(stage: str) -> bool:
    return dag.is_off({stage: _active(stage)}, stage)


def _table_files() -> dict[str, list[str]]:
    """View name → files: data/x.parquet, the shards of data/x/, data/x/y.parquet.

    A table without columns cannot be a view, so it is none.
    """
    files: dict[str, list[Path]] = {
        file.stem: [file] for file in sorted(tables.DATA.glob("*.parquet"))
    }
    for folder in sorted(tables.DATA.glob("*/")):
        if folder == tables.DROPPED:
            continue
        if shards := sorted(folder.glob("[0-9]*.parquet")):
            files[folder.name] = shards
        else:
            for file in sorted(folder.glob("*.parquet")):
                files[f"{folder.name}_{file.stem}"] = [file]
    return {
        name: [str(part) for part in parts]
        for name, parts in files.items()
        if all(map(_has_columns, parts))
    }


def _has_columns(file: Path) -> bool:
    return bool(pl.read_parquet_schema(file))


def explain(id: str) -> None:
    """Print the row `id`: where from, which stages kept it, who dropped it and why."""
    from rich.console import Console
    from rich.markup import escape

    connection = views()
    console = Console(soft_wrap=True, highlight=False)
    row = _find(connection, "pool", id) or _find(connection, "dropped", id)
    if row is None:
        raise UserError(f"no row is called {id!r}", hint=_suggest(connection, id))
    console.print(f"[bold]{id}[/]  source {row['source']}, {row['license'] or 'n/a'}")
    console.print(f"problem  {row['problem']}", markup=False)
    console.print(f"answer   {row['answer']}  ({row['verifier']})", markup=False)
    for stage, kept in _kept_by(connection, id):
        off = " (off)" if _is_off(stage.name) else ""
        text = f"by {stage.name}{off}{_measures(connection, stage, kept)}"
        console.print(f"[green]kept[/]     {escape(text)}")
    lost = _find(connection, "dropped", id)
    if lost:
        _print_drop(console, connection, lost)
    else:
        console.print("[bold green]in the data set[/]")


def _kept_by(
    connection: "Connection", id: str
) -> Iterator[tuple[dag.Stage, dict[str, Any]]]:
    """The stages that kept the row, in order, with the row as each left it."""
    known = _views(connection)
    for stage in dag.row_stages(dag.read()):
        if stage.name not in known:
            continue
        row = _find(connection, stage.name, id)
        if row is None:
            return
        yield stage, row


def _measures(connection: "Connection", stage: dag.Stage, row: dict[str, Any]) -> str:
    """The plain values that `stage` added to the row: what its input did not have."""
    before = stage.inputs[0].stem
    if before not in _views(connection):
        return ""
    had = connection.execute(f'describe "{before}"').fetchall()
    added = {
        name: value
        for name, value in row.items()
        if name not in {column[0] for column in had}
        if isinstance(value, bool | int | float | str)
    }
    return ": " * bool(added) + ", ".join(
        f"{name} {value:.3g}"
        if isinstance(value, float)
        else f"{name} {str(value)[:SHOWN]}"
        for name, value in added.items()
    )


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
    if view not in _views(connection):
        return None
    cursor = connection.execute(f'from "{view}" where id = ? limit 1', [id])
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def _views(connection: "Connection") -> list[str]:
    return [row[0] for row in connection.execute("show tables").fetchall()]


def _suggest(connection: "Connection", id: str) -> str:
    """Ids that look like `id`, or what to do to get some."""
    if "pool" not in _views(connection):
        return "run `dvc repro` first"
    known = [row[0] for row in connection.execute("select id from pool").fetchall()]
    close = get_close_matches(id, known, 3)
    return f"did you mean {', '.join(close)}?" if close else "ids read <source>/<row>"


def funnel() -> None:
    """Print the rows after each stage, why rows left, and what training gave."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="Rows after each stage", title_justify="left")
    for column in ("stage", "in", "dropped", "out"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    table.add_column("why")
    for name, metrics in _counts():
        why = sorted(metrics["dropped"].items(), key=lambda pair: (-pair[1], pair[0]))
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in why)
        lost = metrics["rows_in"] - metrics["rows_out"]
        numbers = [f"{n:,}" for n in (metrics["rows_in"], lost, metrics["rows_out"])]
        table.add_row(name, *numbers, "off" if metrics.get("off") else reasons)
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


def _counts() -> list[tuple[str, dict[str, Any]]]:
    """What each stage counted, the sources together, in the order of the DAG."""
    counts = []
    for stage in dag.row_stages(dag.read()):
        folder = tables.METRICS / stage.name
        file = folder.with_suffix(".json")
        if file.exists():
            counts.append((stage.name, _json(file)))
        elif parts := _active_parts(stage.name, folder):
            counts.append((stage.name, _sum(parts)))
    if not counts:
        raise UserError("nothing has run yet", hint="dvc repro")
    return counts


def _active_parts(name: str, folder: Path) -> list[dict[str, Any]]:
    """The counts of a stage that runs once an entry, for the entries of the recipe."""
    entries = _active(name)
    files = sorted(folder.glob("*.json"))
    return [_json(file) for file in files if entries is None or file.stem in entries]


def _sum(parts: list[dict[str, Any]]) -> dict[str, Any]:
    dropped: dict[str, int] = {}
    for part in parts:
        for reason, count in part["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    rows = {name: sum(part[name] for part in parts) for name in ("rows_in", "rows_out")}
    return {**rows, "dropped": dropped}


def _print_evaluation(console: Any) -> None:
    from rich.table import Table

    file = tables.METRICS / "evaluate.json"
    models = _json(file).get("models", {}) if file.exists() else {}
    if not models or _is_off("evaluate"):
        return
    table = Table(title="Held-out problems", title_justify="left")
    for column in ("model", "pass@1", "95% interval"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, scores in models.items():
        low, high = scores["pass@1_interval"]
        table.add_row(name, f"{scores['pass@1']:.3f}", f"{low:.3f} to {high:.3f}")
    console.print(table)


def _json(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded
