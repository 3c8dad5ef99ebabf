"""What pages name is there: files, commands, options, recipes, settings, defaults."""

import re
import shlex
import subprocess
import types
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline import dag, recipe, recipes
from pipeline.cli.commands.app import app
from pipeline.settings import shared_sections

HERE = Path(__file__).parents[1]
PAGES = [HERE / "README.md", HERE / "CONTRIBUTING.md", *sorted(HERE.glob("docs/*.md"))]
TEXTS = {page.stem: page.read_text("utf-8") for page in PAGES}
TEXTS["tour"] = (HERE / "docs/tour.ipynb").read_text("utf-8")
OURS = r"pipeline|stages|trainers|recipes|tests|docs|benchmarks|data_cards"
# What the pages make up for an example, and what a build or a command writes.
MADE_UP = {
    "data_cards/metrics/x.json", "recipes/name.yaml", "recipes/mine.yaml",
    "pipeline/project_files",
}  # fmt: skip
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
MODULES = {
    stage.name: stage.module
    for stage in dag.parse(yaml.safe_load((HERE / "dvc.yaml").read_text("utf-8")))
}
TABLE = re.compile(r"^\| parameter \| default \|.*\n\|[-| ]+\n((?:\|.*\n)+)", re.M)
CODE = re.compile(r"`([^`\n]+)`")


def shell_lines(text: str) -> Iterator[str]:
    """Every call of our command in the code of a page, blocks and quotes alike."""
    blocks = re.findall(r"```(?:sh|console)?\n(.*?)```", text, re.S)
    for block in blocks:
        lines = block.replace("\\\n", " ").replace(" && ", "\n")
        yield from re.findall(r"^(?:\$ )?(goldsieve .*)$", lines, re.M)
    yield from (code for code in CODE.findall(text) if code.startswith("goldsieve "))


CALLS = sorted({(page, call) for page in TEXTS for call in shell_lines(TEXTS[page])})


@pytest.mark.parametrize("page", TEXTS)
def test_files_of_ours_are_there(page: str):
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    folders = {str(each) for file in tracked for each in Path(file).parents}
    named = re.findall(rf"`((?:{OURS})/[\w./-]+)`", TEXTS[page])

    known = {*tracked, *folders, *MADE_UP}
    assert [name for name in named if name.rstrip("/") not in known] == []


@pytest.mark.parametrize(("page", "call"), CALLS)
def test_commands_and_their_options_are_there(page: str, call: str):
    words = shlex.split(call.partition(" #")[0], posix=True)[1:]
    if not words or words[0].startswith(("-", "…")):
        return
    command = COMMANDS[words[0]]
    options = {name for each in command.params for name in each.opts} | {"--help"}
    used = {word.split("=")[0] for word in words if re.match(r"--\w", word)}

    assert used <= options


def test_recipes_are_there():
    known = {file.stem for file in (HERE / "recipes").glob("*.yaml")}
    used = {
        (page, name)
        for page, text in TEXTS.items()
        for name in re.findall(r"goldsieve recipe (?:use|check|show) ([\w-]+)", text)
        if name.islower()
    }
    own = {"mine", "name", "rebuilt", "recipes"}  # those that a reader is to write

    assert {(page, name) for page, name in used if name not in known | own} == set()


def parameters(page: str) -> Iterator[tuple[str, str | None]]:
    """(name, default as it is written) of each line of a page's tables of settings."""
    for table in TABLE.findall(TEXTS[page]):
        for line in table.splitlines():
            names, defaults, *_ = (cell.strip() for cell in line[1:].split(" |"))
            values = split(defaults.strip("`"))
            keys = CODE.findall(names)
            is_each = len(values) == len(keys)
            for key, value in zip(keys, values if is_each else keys, strict=True):
                yield key, value if is_each else None


def split(cell: str) -> list[str]:
    """The defaults of a cell: one for each name, brackets held together."""
    return [each.strip(" `") for each in re.split(r",\s*(?![^\[{(]*[\]})])", cell)]


def find_field(kind: Any, names: list[str]) -> FieldInfo | None:
    """The setting of that name in a type, or in what one of its settings holds."""
    within = list(models(kind))
    for model in within:
        for name, field in model.model_fields.items():
            if names[0] in (name, field.alias):
                rest = names[1:]
                return find_field(field.annotation, rest) if rest else field
    inner = (
        find_field(field.annotation, names)
        for model in within
        for field in model.model_fields.values()
    )
    return next(filter(None, inner), None)


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is, or holds."""
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias):
        if issubclass(kind, BaseModel):
            yield kind
        return
    for part in typing.get_args(kind):
        yield from models(part)


STAGES = [name for name in MODULES if name in TEXTS and TABLE.search(TEXTS[name])]


@pytest.mark.parametrize("stage", STAGES)
def test_the_settings_on_a_page_are_those_of_its_stage(stage: str):
    kind = import_module(MODULES[stage]).Params
    unknown, others = [], {}
    for name, written in parameters(stage):
        field = find_field(kind, name.split("."))
        if field is None:
            unknown.append(name)
        elif is_other(field, written):
            others[name] = (written, field.default)

    assert (unknown, others) == ([], {})


def is_other(field: FieldInfo, written: str | None) -> bool:
    """Whether a page says a plain default in words other than its value's."""
    default = field.get_default(call_default_factory=True)
    if not isinstance(default, int | float | str) or default == "" or not written:
        return False
    if not re.fullmatch(r"[\w./-]+", written) or written == "pinned":
        return False  # a sentence: which value that is, it says in other words
    return written != default and yaml.safe_load(written) != default


@pytest.mark.parametrize("stage", STAGES)
def test_every_setting_of_a_stage_is_on_its_page(stage: str):
    kind = import_module(MODULES[stage]).Params
    words = set(re.findall(r"\w+", " ".join(CODE.findall(TEXTS[stage]))))
    words |= set(re.findall(r"(\w+):", TEXTS[stage]))

    shared = shared_sections(kind)
    assert [
        name for name in kind.model_fields if name not in words and name not in shared
    ] == []


def shown_sections() -> Iterator[tuple[str, str, Any]]:
    """(page, section, values) of every recipe in a block of YAML of the pages."""
    for page, text in TEXTS.items():
        for block in re.findall(r"```yaml\n(.*?)```", text, re.S):
            try:
                content = yaml.safe_load(
                    re.sub(r"<(commit|40 [\w ]+)>", "a" * 40, block)
                )
            except yaml.YAMLError:  # an excerpt, with an ellipsis
                continue
            sections = content if isinstance(content, dict) else {}
            for name, values in sections.items():
                if name in MODULES and isinstance(values, dict):
                    shared = sections.get("pass_rate_window") or {"lo": 0.1, "hi": 0.9}
                    yield page, name, (values, {"pass_rate_window": shared})


@pytest.mark.parametrize(("page", "section", "given"), [*shown_sections()])
def test_a_recipe_on_a_page_is_understood(page: str, section: str, given: Any):
    values, sections = given
    kind = import_module(MODULES[section]).Params
    shared = {name: of for name, of in sections.items() if name in kind.model_fields}
    if section != "collect":
        recipe.check(kind, values | shared, section)
        return
    for source in filter(None, values.values()):
        # An excerpt leaves out what it is not about.
        located = source.keys() & {"repo", "path", "paths", "generator"}
        more = {} if located else {"path": "a.jsonl"}
        recipe.check(kind, {"adapter": "generic", **more, **source}, section)


def test_every_recipe_that_a_page_extends_is_there():
    known = {file.stem for file in (HERE / recipes.FOLDER).glob("*.yaml")}
    bases = re.findall(r"^extends: (\w+)", "\n".join(TEXTS.values()), re.M)
    assert set(bases) <= known
