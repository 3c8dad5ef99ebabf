"""The stages in dvc.yaml, which is the only place where a stage is entered.

What counts stages (the funnel, the ledger, `check`, `estimate`, the card) reads them
here, in the order in which data flow through them. A stage's kind follows from its
command: `python -m pipeline filter x` judges rows, `… make x` makes a table, and
`python -m trainers.x` trains.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Literal

from pipeline import recipe
from pipeline.errors import UserError

FILE = Path("dvc.yaml")
# A path from the root, or from somebody's home: a fact about one machine.
ROOTED = re.compile(r"(?:file://)?(?:/|~|[A-Za-z]:[\\/])[^\n]*")
OURS = re.compile(r" -m (pipeline (filter|make)|trainers\.)")
STAGES = Path(__file__).parent.parent / "stages"


@dataclass(frozen=True)
class Stage:
    """One entry of dvc.yaml. `inputs` are the files that its command reads, in order.

    `reads` and `writes` are all of its dependencies and outputs; `out` is the folder
    that its command names. It runs once for each entry of the section `foreach`.
    """

    name: str
    kind: Literal["filter", "make", "train"]
    module: str
    inputs: tuple[Path, ...]
    reads: tuple[Path, ...]
    writes: tuple[Path, ...]
    out: Path | None = None
    foreach: str = ""


def read() -> list[Stage]:
    """The stages of the project in this folder; UserError where there is none."""
    if not FILE.exists():
        raise UserError(f"{FILE} does not exist", hint=recipe.NO_PROJECT)
    return [*_read(FILE.absolute(), FILE.stat().st_mtime_ns)]


@cache
def _read(file: Path, changed: int) -> tuple[Stage, ...]:
    content = recipe.read_yaml(FILE)
    if not isinstance(content, dict) or not isinstance(content.get("stages"), dict):
        raise UserError(f"{FILE} has no `stages`", hint=recipe.NO_PROJECT)
    return tuple(parse(content))


def parse(content: dict[str, Any]) -> list[Stage]:
    """Our stages in what a dvc.yaml holds, those before others that feed them.

    A project may have stages of its own, which count nothing of ours. Where the data
    leave it open, the order of the file counts.
    """
    stages = content["stages"].items()
    left = [_stage(name, entry) for name, entry in stages if _is_ours(entry)]
    order: list[Stage] = []
    while left:
        # DVC has no stages that feed each other, so one of them waits for no other.
        ready = next(
            stage
            for stage in left
            if not any(feeds(other, stage) for other in left if other is not stage)
        )
        left.remove(ready)
        order.append(ready)
    return order


def _is_ours(entry: Any) -> bool:
    body = entry.get("do", entry) if isinstance(entry, dict) else None
    return isinstance(body, dict) and OURS.search(str(body.get("cmd"))) is not None


def _stage(name: str, entry: dict[str, Any]) -> Stage:
    foreach = entry.get("foreach", "").strip("${}")
    entry = entry.get("do", entry)
    words = entry["cmd"].split()
    module = words[words.index("-m") + 1]
    positional = words[words.index("-m") + 2 :]
    out = None
    if "--out" in positional:
        at = positional.index("--out")
        positional, out = positional[:at], Path(positional[at + 1])
    kind: Literal["filter", "make", "train"] = "train"
    if module == "pipeline":
        kind = "filter" if positional[0] == "filter" else "make"
        module, positional = f"stages.{name}", positional[2:]
    writes = [
        _path(out)
        for part in ("outs", "metrics", "plots")
        for out in entry.get(part, [])
    ]
    return Stage(
        name,
        kind,
        module,
        inputs=tuple(map(Path, positional)),
        reads=tuple(map(Path, entry.get("deps", []))),
        writes=tuple(writes),
        out=out,
        foreach=foreach,
    )


def _path(out: str | dict[str, Any]) -> Path:
    """An output's path; the part that foreach fills in is left out."""
    name = out if isinstance(out, str) else next(iter(out))
    return Path(name.partition("${")[0])


def feeds(first: Stage, second: Stage) -> bool:
    """Whether `second` reads something that `first` writes, or a part of it."""
    return not (
        _with_parents(second.reads).isdisjoint(first.writes)
        and _with_parents(first.writes).isdisjoint(second.reads)
    )


@cache
def _with_parents(paths: tuple[Path, ...]) -> frozenset[Path]:
    return frozenset(part for path in paths for part in (path, *path.parents))


def before(stages: list[Stage], name: str) -> list[Stage]:
    """The stages that `name` depends on, directly or through others, in order."""
    needed = {name}
    for stage in reversed(stages):
        if any(feeds(stage, other) for other in stages if other.name in needed):
            needed.add(stage.name)
    return [stage for stage in stages if stage.name in needed - {name}]


def row_stages(stages: Iterable[Stage]) -> list[Stage]:
    """The stages that rows pass through: the filters, and what feeds the first one.

    The first input of a filter is the table of rows, which some stage wrote.
    """
    chain: list[Stage] = []
    sources: set[Path] = set()
    for stage in reversed(list(stages)):
        written = {path for out in stage.writes for path in (out, *out.parents)}
        if stage.kind == "filter" or written & sources:
            chain.insert(0, stage)
            sources |= set(stage.inputs[:1])
    return chain


def data_recipe(sections: dict[str, Any], stages: Iterable[Stage]) -> dict[str, Any]:
    """The sections of a recipe that say what the data are.

    Neither those that train, nor what the recipe says of itself.
    """
    others = {"about"} | {stage.name for stage in stages if stage.kind == "train"}
    return {name: part for name, part in sections.items() if name not in others}


def hide_folders(value: Any) -> Any:
    """`value` as others may see it: of a path of this machine, its last part alone."""
    if isinstance(value, dict):
        return {key: hide_folders(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [hide_folders(part) for part in value]
    if isinstance(value, str) and ROOTED.fullmatch(value):
        return re.split(r"[\\/]+", value.rstrip("\\/"))[-1]
    return value


def recipe_hash(sections: dict[str, Any], stages: Iterable[Stage]) -> str:
    """The hash of what makes the data; the same parameters in any order have one."""
    text = json.dumps(data_recipe(sections, stages), sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def is_off(sections: dict[str, Any], stage: str) -> bool:
    """Whether the recipe leaves `stage` out."""
    return recipe.is_off(sections.get(stage))


def load_stage(name: str) -> ModuleType:
    """The module of a stage; UserError where no stage has that name."""
    if name not in (names := stage_names()):
        near = get_close_matches(name, names, n=3, cutoff=0.5) or names
        raise UserError(f"no stage is called {name!r}", hint=f"try {', '.join(near)}")
    return import_module(f"stages.{name}")


def stage_names() -> list[str]:
    """The stages there are: the files and folders of `stages/`, the only registry."""
    names = {module.name for module in iter_modules([str(STAGES)])}
    return sorted(names - {"sources"})
