"""Finding an adapter by its name, and rows on the Hub."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from pipeline.errors import UserError
from pipeline.readers import Row

SOURCES = Path(__file__).parent


def load_adapter(name: str) -> ModuleType:
    """The file of stages/sources called `name`."""
    known = sorted(file.stem for file in SOURCES.glob("[a-z]*.py"))
    if name not in known:
        raise UserError(
            f"no adapter is called {name!r}", hint=f"try {', '.join(known)}"
        )
    return import_module(f"stages.sources.{name}")


def from_hub(repo: str, revision: str, config: str | None, split: str) -> Iterator[Row]:
    """Rows of a Hub dataset, or of a local folder that is laid out like one."""
    import datasets

    pinned = {} if Path(repo).is_dir() else {"revision": revision}
    try:
        table = datasets.load_dataset(repo, config, split=split, **pinned)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"{repo}@{revision} could not be loaded: {str(error)[:300]}",
            hint="offline, point `path` at local files",
        ) from None
    return iter(table)
