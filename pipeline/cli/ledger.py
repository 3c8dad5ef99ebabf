"""The ledger: query every table, tell one row's life, print the funnel.

All tables are views in an in-memory DuckDB, named as the stages that wrote them;
`dropped` is the union of what every stage dropped, with the stage's name.
"""

import json
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import recipe, tables
from pipeline.errors import UserError
from pipeline.filter import FILTERS

if TYPE_CHECKING:
    import duckdb


def sql(query: str, *, format: str = "table") -> None:
    """Print what `query` gives, as a table, CSV or JSON lines."""
    import duckdb

    connection = views()
    try:
        result = connection.sql(query)
    except duckdb.Error as error:
        known = [row[0] for row in connection.sql("show tables").fetchall()]
        hint = f"views: {', '.join(known)}" if known else "run `dvc repro` first"
        raise UserError(str(error), hint=hint) from None
    if result is None:
        return
    if format == "table":
        print(result)
        return
    import polars as pl

    table = pl.DataFrame(result.to_arrow_table())
    print(table.write_csv() if format == "csv" else table.write_ndjson(), end="")


def views() -> "duckdb.DuckDBPyConnection":
    """A connection with one view per table, and `dropped` over all of them."""
    import duckdb

    connection = duckdb.connect()
    for name, files in _files().items():
        # Quoted: `select` is a stage, and a word of SQL.
        connection.execute(f"create view \"{name}\" as from read_parquet('{files}')")
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
    ]


def _active(section: str) -> Any:
    """The section of the active recipe; None where there is no recipe."""
    return recipe.read().get(section) if recipe.RECIPE.exists() else None


def _files() -> dict[str, str]:
    """View name → file or glob: data/x.parquet, shards of data/x/, data/x/y.parquet."""
    found = {file.stem: str(file) for file in sorted(tables.DATA.glob("*.parquet"))}
    for folder in sorted(tables.DATA.glob("*/")):
        if folder == tables.DROPPED:
            continue
        if any(folder.glob("[0-9]*.parquet")):
            found[folder.name] = f"{folder}/[0-9]*.parquet"
        else:
            for file in sorted(folder.glob("*.parquet")):
                found[f"{folder.name}_{file.stem}"] = str(file)
    return found


def explain(id: str) -> None:
    """Print the row `id`: where from, which stages kept it, who dropped it and why."""
    from rich.console import Console

    connection = views()
    console = Console(soft_wrap=True, highlight=False)
    row = _first(connection, "pool", id) or _first(connection, "dropped", id)
    if row is None:
        raise UserError(f"no row is called {id!r}", hint=_near(connection, id))
    console.print(f"[bold]{id}[/]  source {row['source']}, {row['license'] or 'n/a'}")
    console.print(f"problem  {row['problem']}", markup=False)
    console.print(f"answer   {row['answer']}  ({row['verifier']})", markup=False)
    for stage in FILTERS:
        kept = _first(connection, stage, id)
        if kept is None:
            break
        console.print(f"[green]kept[/]     by {stage}{_measured(stage, kept)}")
    lost = _first(connection, "dropped", id)
    if lost:
        _tell_drop(console, connection, lost)
    else:
        console.print("[bold green]in the data set[/]")


MEASURED = {
    "decontaminate": ("overlap", "overlap_level", "overlap_item"),
    "difficulty": ("pass_rate", "n_correct", "n_samples", "rate_from"),
    "verify": ("majority_answer", "majority_share", "key_agrees"),
    "select": ("curriculum_rank",),
}


def _measured(stage: str, row: dict[str, Any]) -> str:
    told = [
        f"{name} {row[name]:.3g}"
        if isinstance(row[name], float)
        else f"{name} {row[name]}"
        for name in MEASURED.get(stage, ())
        if row.get(name) is not None
    ]
    return f": {', '.join(told)}" if told else ""


def _tell_drop(console: Any, connection: Any, lost: dict[str, Any]) -> None:
    score = f", score {lost['score']:.3f}" if lost["score"] is not None else ""
    console.print(f"[red]dropped[/]  by {lost['stage']}: {lost['reason']}{score}")
    if lost["evidence"]:
        for name, value in json.loads(lost["evidence"]).items():
            console.print(f"         {name}: {value}", markup=False)
    if lost["twin"]:
        found = [
            _first(connection, view, lost["twin"]) for view in ("pool", "benchmarks")
        ]
        twin = next(filter(None, found), None)
        text = f": {twin['problem']}  (answer {twin['answer']})" if twin else ""
        console.print(f"twin     {lost['twin']}{text}", markup=False)


def _first(connection: Any, view: str, id: str) -> dict[str, Any] | None:
    import duckdb

    try:
        found = connection.execute(f'from "{view}" where id = ? limit 1', [id])
    except duckdb.CatalogException:
        return None
    names = [column[0] for column in found.description]
    row = found.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def _near(connection: Any, id: str) -> str:
    import duckdb

    try:
        known = [row[0] for row in connection.execute("select id from pool").fetchall()]
    except duckdb.CatalogException:
        return "run `dvc repro` first"
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
    for name, metrics in _counted():
        why = sorted(metrics["dropped"].items(), key=lambda pair: (-pair[1], pair[0]))
        lost = metrics["rows_in"] - metrics["rows_out"]
        told = ", ".join(f"{reason} {count:,}" for reason, count in why)
        numbers = [f"{metrics['rows_in']:,}", f"{lost:,}", f"{metrics['rows_out']:,}"]
        table.add_row(name, *numbers, "off" if metrics.get("off") else told)
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


def _counted() -> list[tuple[str, dict[str, Any]]]:
    """What each stage counted, the sources together, in the order of the DAG."""
    names = _active("collect")
    files = sorted(tables.METRICS.glob("collect/*.json"))
    sources = [_json(file) for file in files if names is None or file.stem in names]
    counted: list[tuple[str, dict[str, Any]]] = []
    if sources:
        dropped: dict[str, int] = {}
        for source in sources:
            for reason, count in source["dropped"].items():
                dropped[reason] = dropped.get(reason, 0) + count
        together = {n: sum(s[n] for s in sources) for n in ("rows_in", "rows_out")}
        counted.append(("collect", {**together, "dropped": dropped}))
    for name in FILTERS:
        if (file := tables.METRICS / f"{name}.json").exists():
            counted.append((name, _json(file)))
    if not counted:
        raise UserError("nothing has run yet", hint="dvc repro")
    return counted


def _print_evaluation(console: Any) -> None:
    from rich.table import Table

    file = tables.METRICS / "evaluate.json"
    models = _json(file).get("models", {}) if file.exists() else {}
    if not models or _active("evaluate") is False:
        return
    table = Table(title="Held-out problems", title_justify="left")
    for column in ("model", "pass@1", "95% interval"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for name, told in models.items():
        low, high = told["pass@1_interval"]
        table.add_row(name, f"{told['pass@1']:.3f}", f"{low:.3f} to {high:.3f}")
    console.print(table)


def _json(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded
