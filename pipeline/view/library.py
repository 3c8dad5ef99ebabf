"""The tables that the page shows, and the connections that read them.

A table is one or several parquet files under a name. In a project, rows pass through
tables in order (the chain), and `dropped` is what each stage let go; `rows` is both
ends: what is still there, and what is not, each with the stage and the reason. A folder
with `kept.parquet` and `dropped.parquet`, as `goldsieve filter --out` writes it, has
the same. Any other file or folder is read as it is.

There are two kinds of connections. `Library.open` is for the queries of this program.
`open_closed` is for the queries of people: it can open nothing at all, no file, no
network, no extension; the tables are handed to it by pyarrow.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline import catalog, dag, tables
from pipeline.errors import UserError
from pipeline.expressions import CLOSED
from pipeline.view.reviews import FOLDER, Review, read_reviews

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Files = tuple[Path, ...]
MEMORY = "2GB"  # for a query that a person types


@dataclass(frozen=True)
class Library:
    """The tables by name, and the stages that rows pass through, in order.

    `dropped` are the files of dropped rows by stage; the stage is "" where only the
    rows themselves say it. Marks of reviewers are kept in the folder `home`.
    """

    title: str
    home: Path
    files: Mapping[str, Files]
    dropped: Mapping[str, Files] = field(default_factory=dict)
    chain: tuple[str, ...] = ()
    is_project: bool = False

    @cached_property
    def last_table(self) -> str | None:
        """The table of the rows that are still there; None where there is no chain."""
        tables = [name for name in self.chain if name in self.files]
        return tables[-1] if tables else None

    @cached_property
    def main(self) -> str:
        """The table that a reader wants first."""
        return "rows" if self.last_table else next(iter(self.files), "rows")

    @property
    def names(self) -> list[str]:
        """The tables, those that are views of others behind the files."""
        ends = ["dropped"] if self.dropped else []
        ends += ["rows"] if self.dropped and self.last_table else []
        return [*self.files, *(name for name in ends if name not in self.files)]

    def list_parts(self, name: str) -> list[tuple[str, Path]]:
        """The files of a table in order, each with the stage that let its rows go."""
        if name in self.files:
            return [("", file) for file in self.files[name]]
        dropped = [(by, file) for by, files in self.dropped.items() for file in files]
        if name == "rows" and self.last_table:
            return [*self.list_parts(self.last_table), *dropped]
        return dropped

    @property
    def reviews(self) -> list[Review]:
        """The marks that reviewers gave; none where a file of them cannot be read."""
        try:
            return read_reviews(self.home)
        except UserError:
            return []  # the page on marks says what is wrong

    def stamp(self) -> tuple[object, ...]:
        """What changes when a file does."""
        reviews = tuple(sorted((self.home / FOLDER).glob("*.json")))
        every = [*self.files.values(), *self.dropped.values(), reviews]
        stats = [file.stat() for files in every for file in files if file.exists()]
        return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)

    def open(self) -> "DuckDBPyConnection":
        """A connection with a view for each table; those of this program use it."""
        import duckdb

        connection = duckdb.connect()
        _create_views(connection, self, read_files)
        return connection


@contextmanager
def open_closed(library: Library) -> Iterator["DuckDBPyConnection"]:
    """A connection that sees the tables and can open nothing."""
    import duckdb
    from pyarrow import dataset

    with duckdb.connect() as connection:
        connection.execute("set threads = 2")

        def hand_over(files: Files) -> str:
            name = f"#{len(handed)}"
            handed.append(dataset.dataset([str(file) for file in files]))
            connection.register(name, handed[-1])
            return quote(name)

        handed: list[object] = []
        _create_views(connection, library, hand_over, "temp view")
        for name, value in (CLOSED | {"memory_limit": MEMORY}).items():
            if name != "threads":
                connection.execute(f"set {name} = '{value}'")
        yield connection


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def read_files(files: Files, *options: str) -> str:
    """SQL for the rows of files."""
    listed = f"[{', '.join(literal(str(file)) for file in files)}]"
    return f"read_parquet({', '.join([listed, *options])})"


def _create_views(
    connection: "DuckDBPyConnection",
    library: Library,
    read: Callable[[Files], str],
    kind: str = "view",
) -> None:
    for name, files in library.files.items():
        connection.execute(f"create {kind} {quote(name)} as from {read(files)}")
    _create_reviews(connection, library)
    if not library.dropped:
        return
    parts = [
        f"select {literal(stage)} as stage, * from {read(files)}"
        if stage
        else f"from {read(files)}"
        for stage, files in library.dropped.items()
    ]
    union = " union all by name ".join(parts)
    connection.execute(f"create {kind} dropped as {union}")
    if library.last_table and "rows" not in library.files:
        connection.execute(
            f"create {kind} rows as from {quote(library.last_table)} "
            "union all by name from dropped"
        )


def _create_reviews(connection: "DuckDBPyConnection", library: Library) -> None:
    """A table of the marks that reviewers gave, where there are any."""
    reviews = library.reviews
    if not reviews or "reviews" in library.files:
        return
    frame = pl.DataFrame([asdict(review) for review in reviews]).to_arrow()
    connection.register("#reviews", frame)
    connection.execute('create table reviews as from "#reviews"')
    connection.unregister("#reviews")


def find_project() -> Library:
    """The tables of the project in this folder."""
    dropped: dict[str, Files] = {}
    for file in catalog.dropped_files():
        stage = file.relative_to(tables.DROPPED).with_suffix("").parts[0]
        dropped[stage] = (*dropped.get(stage, ()), file)
    chain = tuple(stage.name for stage in dag.row_stages(dag.read()))
    files = {name: tuple(parts) for name, parts in catalog.table_files().items()}
    title = Path.cwd().name
    return Library(title, Path(), files, dropped, chain, is_project=True)


def find_files(title: str, home: Path, files: Mapping[str, Files]) -> Library:
    """Tables beside each other; `kept` and `dropped` are the ends of one filter."""
    others = dict(files)
    dropped = others.pop("dropped", None) if "kept" in others else None
    if dropped is None:
        return Library(title, home, others)
    return Library(title, home, others, {"": dropped}, ("kept",))
