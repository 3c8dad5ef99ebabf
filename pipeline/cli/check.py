"""Check the recipe, the DAG and the environment before anything runs.

Every section of params.yaml is read with its stage's own Params, so a typo is
found here and not after an hour of sampling.
"""

import json
import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from pipeline import dag, recipe, recipes
from pipeline.cli.needs import find_lacks
from pipeline.disks import find_unwritable
from pipeline.errors import UserError, find_extra, install_line
from pipeline.settings import shared_sections

LOCK = Path("dvc.lock")
READERS = Path(".dvc/tmp/rwlock")  # where DVC writes who reads and writes what
ONE_CAUSE = re.compile(r"the environment variable \w+ is not set|comes from nowhere")
SHOWN = 5  # places of mistakes with one cause


def check() -> None:
    """Check params.yaml, dvc.yaml, files and this machine, without running anything.

    Prints one line per finding; UserError where the recipe cannot run.
    """
    sections = recipe.read()
    stages = dag.read()
    mistakes = [*find_unwritable(), *find_mistakes(sections, stages)]
    for line in _environment():
        print(line)
    if not mistakes:
        mistakes = list(find_lacks(_read_sections(sections, stages)))
    if mistakes:
        raise UserError("\n".join(_fold(mistakes)))
    print(f"ok    {recipe.RECIPE}: {len(sections)} sections, all understood")
    print("ok    files, columns, packages, models: all that they name is there")


def _fold(mistakes: list[str]) -> Iterator[str]:
    """The mistakes; of several with one cause, the first and where the others are."""
    causes: dict[str, list[str]] = {}
    for mistake in mistakes:
        cause = ONE_CAUSE.search(mistake)
        causes.setdefault(cause[0] if cause else mistake, []).append(mistake)
    for first, *others in causes.values():
        yield first
        places = [
            m.removeprefix(f"{recipe.RECIPE}: ").partition(":")[0] for m in others
        ]
        if places:
            more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
            yield f"  the same of {', '.join(places[:SHOWN])}{more}"


def find_mistakes(sections: dict[str, Any], stages: list[dag.Stage]) -> list[str]:
    """What is wrong with the recipe itself, wherever it is to run."""
    # A mistake in a section that stages share is found by each of them.
    return list(dict.fromkeys(_mistakes(sections, stages)))


def _read_sections(
    sections: dict[str, Any], stages: list[dag.Stage]
) -> dict[str, BaseModel]:
    """What each stage that is on reads, by the name of its section."""
    read = {
        name: recipe.load(import_module(stage.module).Params, name)
        for stage in stages
        for name in _section_names(stage, sections)
    }
    return {name: params for name, params in read.items() if params is not None}


def _mistakes(sections: dict[str, Any], stages: list[dag.Stage]) -> Iterator[str]:
    yield from _cut_off()
    names = [stage.name for stage in stages]
    shared = {
        section
        for stage in stages
        for section in shared_sections(import_module(stage.module).Params)
    }
    for name in sorted(sections.keys() - set(names) - shared - {"about"}):
        yield f"{recipe.RECIPE}: {name} is not a stage; stages are {', '.join(names)}"
    for name in sorted(shared - sections.keys()):
        # DVC runs no stage that names a section which is not there.
        yield f"{recipe.RECIPE}: there is no section {name!r}; write `{name}: {{}}`"
    if dag.is_off(sections, "collect"):
        yield f"{recipe.RECIPE}: collect: turn sources off one by one, not all at once"
    yield from _order(sections)
    yield from _provenance(sections)
    for stage in stages:
        for name in _section_names(stage, sections):
            try:
                recipe.load(import_module(stage.module).Params, name)
            except UserError as error:
                yield str(error)


def _cut_off() -> Iterator[str]:
    """Files in which DVC was killed: it writes them in place."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    if LOCK.exists():
        try:
            COMPILED_LOCKFILE_SCHEMA(recipe.parse_yaml(LOCK.read_text("utf-8")))
        except (Invalid, yaml.YAMLError):
            is_merge = "\n<<<<<<< " in "\n" + LOCK.read_text("utf-8")
            why = "is cut off, as a DVC that was killed may leave it"
            why = "has the marks of a merge (<<<<<<<)" if is_merge else why
            yield (
                f"{LOCK} {why}; remove it: `dvc repro` takes what was done from its "
                "cache"
            )
    if READERS.exists():
        try:
            json.loads(READERS.read_text("utf-8"))
        except ValueError:
            yield (
                f"{READERS} is cut off, as a DVC that was killed may leave it; remove "
                "it where no `dvc` runs: it says who reads and writes what right now"
            )


def _section_names(stage: dag.Stage, sections: dict[str, Any]) -> list[str]:
    """The sections of a stage: one for each entry where it runs once an entry."""
    section = sections.get(stage.name)
    if stage.name == "collect" and isinstance(section, dict):
        return [f"collect.{entry}" for entry in section]
    return [stage.name]


def _order(sections: dict[str, Any]) -> Iterator[str]:
    """Sources that are collected and not pooled, or pooled and not collected."""
    sources, pool = sections.get("collect"), sections.get("pool")
    if not isinstance(sources, dict) or not isinstance(pool, dict):
        return
    order = pool.get("order") or ()
    for name in sorted(sources.keys() - set(order)):
        yield f"{recipe.RECIPE}: {name} is collected, and pool.order does not name it"
    for name in sorted(set(order) - sources.keys()):
        yield f"{recipe.RECIPE}: pool.order names {name}, and nothing collects it"


def _provenance(sections: dict[str, Any]) -> Iterator[str]:
    """Numbers from nowhere, in a recipe that says whose it is."""
    if "about" not in sections:
        return
    try:
        for mistake in recipes.find_unsourced(sections):
            yield f"{recipe.RECIPE}: {mistake}"
    except UserError as error:
        yield str(error)


def _environment() -> Iterator[str]:
    """What this machine has of what some recipe may need."""
    for package, use in {
        "torch": "model, rollouts, training",
        "trl": "sft, dpo, grpo",
        "vllm": "engine: vllm",
        "sentence_transformers": "encoders",
        "faiss": "dedup_embedding",
        "ray": "PIPELINE_BACKEND=ray",
        "uvicorn": "goldsieve serve",
    }.items():
        if find_spec(package) is not None:
            yield f"ok    {package} ({use})"
        else:
            extra = install_line(find_extra(package) or package)
            yield f"none  {package} ({use}): {extra}"
    has_sandbox = shutil.which("bwrap") is not None
    yield f"{'ok   ' if has_sandbox else 'none '} bubblewrap (verifier: code)"
