"""`goldsieve view`: a local page on the tables of a project, a folder or a file."""

import os
import re
import sys
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline import dag, readers, tables
from pipeline.cli.foreign import read_frame
from pipeline.errors import UserError
from pipeline.stored import read_schema

MODULES = ("latex2mathml", "pygments", "starlette", "uvicorn")
TABLES = (*readers.BINARY, *readers.LINES, ".csv", ".tsv")  # of a folder
GLOB = set("*?[]{}")  # signs that DuckDB takes for patterns in a file's name


def run(path: Path, host: str, port: int) -> None:
    """Serve a page on the tables of `path` until Ctrl-C.

    UserError where there is nothing to see, or the packages of the extra `view` are not
    there.
    """
    try:
        for name in MODULES:
            import_module(name)
        from pipeline.view.library import find_files, find_project
        from pipeline.view.server import serve
        from pipeline.view.shelf import Shelf
    except ModuleNotFoundError as error:
        if error.name not in MODULES:
            raise
        hint = 'pip install "goldsieve[view]"'
        raise UserError(f"goldsieve view needs {error.name}", hint=hint) from None
    with ExitStack() as stack:
        if (path / dag.FILE).exists():
            os.chdir(path)
            if not tables.DATA.exists():
                raise UserError(f"{path}: nothing has run yet", hint="dvc repro")
            find = find_project
        else:
            drafts = Path(stack.enter_context(TemporaryDirectory()))
            files = list_tables(path, drafts)
            home = path if path.is_dir() else path.parent
            find = partial(find_files, path.resolve().name, home, files)
        serve(Shelf(find), host, port)


def list_tables(path: Path, drafts: Path) -> dict[str, tuple[Path, ...]]:
    """The tables of a file or a folder by name; what is no parquet goes into `drafts`.

    UserError where there is none, or the file is none.
    """
    if path.is_file():
        return {path.stem.split(".")[0]: (_as_parquet(path, drafts / "0.parquet"),)}
    if not path.is_dir():
        raise UserError(f"{path} does not exist")
    found: dict[str, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path)
        is_hidden = any(part.startswith(".") for part in inner.parts)
        if file.is_file() and not is_hidden and _suffix(file) in TABLES:
            found.setdefault(_name(inner), []).append(file)
    if not found:
        raise UserError(
            f"{path} holds no tables", hint=f"tables are {', '.join(TABLES)}"
        )
    return {
        name: tuple(
            _as_parquet(file, drafts / f"{number}-{part}.parquet")
            for part, file in enumerate(files)
        )
        for number, (name, files) in enumerate(found.items())
    }


def _suffix(file: Path) -> str:
    """What a file holds, by its name; it may be compressed."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    return next((s for s in reversed(suffixes) if s not in readers.COMPRESSED), "")


def _name(inner: Path) -> str:
    """The name of a table: its path, without what numbers its shards.

    A config of a published set is called as its folder is: its split is `train`.
    """
    last, is_shard = re.subn(r"-\d+-of-\d+$", "", inner.name.split(".")[0])
    parts = [*inner.parts[:-1], last]
    if len(parts) > 1 and (last.isdigit() or (is_shard and last == "train")):
        parts.pop()
    return "_".join(parts)


def _as_parquet(file: Path, draft: Path) -> Path:
    """The file itself, or the `draft` that has its rows."""
    if file.suffix == ".parquet" and not GLOB & set(str(file)):
        read_schema(file)  # UserError where it is cut off
        return file
    rows, unreadable = read_frame(file)
    if unreadable:
        first = f"row {unreadable[0].row}: {unreadable[0].detail}"
        print(
            f"{file}: {len(unreadable):,} rows cannot be read; {first}", file=sys.stderr
        )
    if not rows.width or rows.is_empty():
        raise UserError(f"{file} has no rows that can be read")
    tables.write(rows, draft)
    return draft
