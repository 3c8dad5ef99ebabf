"""A recipe on rows of ours: its sections, with what lies elsewhere replaced.

What a recipe does to rows stays as it is. What it takes from elsewhere is replaced:
each source and recording by the file of its name in recipes/fixtures (rows of ours in
the published schema), every benchmark by one small file, models by a scripted one,
sentence encoders and tokenizers by the packaged ones.
"""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline import dag, recipe, recipes
from pipeline.encoder import Encoder
from pipeline.endpoint.http import Endpoint
from pipeline.errors import UserError
from pipeline.traces.tokens import PACKAGED, Pinned

FOLDER = Path("recipes/fixtures")
BENCHMARKS = "_benchmarks"
MOST_ROWS = 30  # of a generator, or of a file that comes with the project
MOST_SAMPLES = 16  # of a problem
NO_COMMIT = "0" * 40
# Where else rows of a source or a benchmark lie, by name: a file, or keys of its own.
Data = dict[str, Any]


def replace_data(sections: dict[str, Any], data: Data) -> dict[str, Any]:
    """The sections with sources and benchmarks of `data`, or else of the fixtures.

    Raises UserError where a source has neither.
    """
    sections = deepcopy(sections)
    collect = sections.get("collect") or {}
    for name, source in collect.items():
        if isinstance(source, dict):
            collect[name] = _replace_source(name, source, data)
    benchmarks = sections.get("benchmarks") or {}
    if sets := benchmarks.get("sets"):
        benchmarks["sets"] = [_replace_benchmark(each, data) for each in sets]
    rollouts = sections.get("rollouts") or {}
    if replay := rollouts.get("replay"):
        rollouts["replay"] = [
            _replace_recording(each) if isinstance(each, dict) else each
            for each in replay
        ]
    return sections


def _replace_source(name: str, source: dict[str, Any], data: Data) -> dict[str, Any]:
    own = {k: v for k, v in source.items() if k not in recipes.LOCATION}
    if recorded := own.get("recorded"):
        own["recorded"] = {key: _replace_recording(recorded[key]) for key in recorded}
    if name in data:
        return own | _as_location(data[name])
    if file := _find(name) or _find(_stem(source)):
        return own | {"path": str(file)}
    few = {"limit": {"rows": MOST_ROWS}} | own
    if generator := source.get("generator"):
        count = {"count": MOST_ROWS} if "count" in generator else {}
        return few | {"generator": generator | count}
    if (path := Path(source.get("path") or "-")).exists():
        return few | {"path": str(path.resolve())}
    raise UserError(f"collect.{name}: there is no {FOLDER / name}.jsonl")


def _replace_benchmark(benchmark: Any, data: Data) -> dict[str, Any]:
    if isinstance(benchmark, str):
        benchmark = {"name": benchmark}
    if "generator" in benchmark:
        return dict(benchmark)
    name = benchmark["name"]
    own = {"name": name, "adapter": "generic"}
    if name in data:
        return own | _as_location(data[name])
    return own | {"path": str(_find(BENCHMARKS))}


def _replace_recording(own: dict[str, Any]) -> dict[str, Any]:
    """A recording is known by the name of its file or repository."""
    if not (file := _find(_stem(own))):
        raise UserError(f"there is no {FOLDER / _stem(own)}.jsonl")
    own = {k: v for k, v in own.items() if k not in recipes.LOCATION}
    return own | {"path": str(file)}


def _stem(location: dict[str, Any]) -> str:
    """The name of the file or repository, without what is behind the first dot."""
    paths = [location.get("path"), *location.get("paths", ()), location.get("repo")]
    return Path(next(filter(None, paths), "-")).name.partition(".")[0]


def _as_location(where: Any) -> dict[str, Any]:
    return where if isinstance(where, dict) else {"path": str(where)}


def _find(name: str) -> Path | None:
    files = (FOLDER / f"{name}{suffix}" for suffix in (".jsonl", ".json"))
    return next((file.resolve() for file in files if file.exists()), None)


def replace_models(sections: dict[str, Any], url: str) -> dict[str, Any]:
    """The sections with the scripted model at `url` in the place of every model."""
    sections = deepcopy(sections)
    model = sections.get("model") or {}
    if model:
        name = model.get("repo") or model.get("name") or model["kind"]
        sections["model"] = {"kind": "hub", "repo": name, "revision": NO_COMMIT}
    rollouts = sections.get("rollouts") or {}
    if rollouts and rollouts.get("engine") != "replay":
        rollouts |= {"engine": "server", "vllm": {}}
        for sampled in (rollouts, *(rollouts.get("passes") or ())):
            if "samples" in sampled:
                sampled["samples"] = min(sampled["samples"], MOST_SAMPLES)
    for _, location in recipes.unpinned(sections):
        location["revision"] = NO_COMMIT
    for stage in dag.read():
        for path, settings in _settings(stage, sections):
            if isinstance(settings, Endpoint):
                _put(sections, [*path, "url"], url)
            if isinstance(settings, Encoder) and settings.encoder == "hub":
                _put(sections, [*path, "encoder"], "packaged")
            if isinstance(settings, Pinned):
                named = {"repo": PACKAGED, "revision": None, "path": ""}
                _put(sections, path, settings.model_dump() | named)
    return sections


def _settings(
    stage: dag.Stage, sections: dict[str, Any]
) -> Iterator[tuple[list[Any], BaseModel]]:
    """(path, settings) of all settings of a stage; none where they are wrong."""
    values = sections.get(stage.name)
    if not isinstance(values, dict) or stage.name == "collect":
        return
    kind = import_module(stage.module).Params
    with suppress(UserError):  # the stage itself will say so
        yield from _walk(recipe.check(kind, values, stage.name), [stage.name])


def _walk(node: Any, path: list[Any]) -> Iterator[tuple[list[Any], BaseModel]]:
    if isinstance(node, BaseModel):
        yield path, node
        node = {name: getattr(node, name) for name in type(node).model_fields}
    if isinstance(node, tuple | list):
        node = dict(enumerate(node))
    for key, value in node.items() if isinstance(node, dict) else ():
        yield from _walk(value, [*path, key])


def _put(sections: dict[str, Any], path: list[Any], value: Any) -> None:
    """Set the value at `path`; a method that is only named becomes a mapping."""
    node: Any = sections
    for key in path[:-1]:
        if isinstance(node, dict):
            node = node.setdefault(key, {})
            continue
        if isinstance(node[key], str):
            node[key] = {"method": node[key]}
        node = node[key]
    node[path[-1]] = value
