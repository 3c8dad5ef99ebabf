"""The recipe: params.yaml, one section per stage, checked when it is read.

A section is looked up by its stage's name (`dedup_ngram`, `collect.gsm8k`). The
value `off` (YAML's false) takes the stage out of the recipe. What several stages must
agree on has a section of its own (`settings.Shared`). Mistakes are told by file and
line, before any work is done.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import ValidationError

from pipeline.errors import UserError, shorten
from pipeline.settings import Settings, shared_sections

RECIPE = Path("params.yaml")
NO_PROJECT = "run this in a project's folder; `goldsieve init DIR FILE…` makes one"
MERGE = "it has the marks of a merge (<<<<<<<): settle that first"
# What pydantic calls by Python's names, and YAML does not.
NO_MAPPING = re.compile("Input should be a valid dictionary.*")
NO_LIST = re.compile("Input should be a valid (tuple|list)")
SHOWN = 100  # characters of a value
# What pydantic calls the members of a union, which is no name of a setting.
MEMBER = re.compile(r".*\[.*|str|int|float|bool")

S = TypeVar("S", bound=Settings)


def read(file: Path = RECIPE) -> dict[str, Any]:
    """All sections of the recipe, as YAML gives them."""
    if not file.exists():
        is_project = Path("dvc.yaml").exists()
        hint = "goldsieve recipe use demo" if is_project else NO_PROJECT
        raise UserError(f"{file} does not exist", hint=hint)
    sections = read_yaml(file)
    if not isinstance(sections, dict):
        raise UserError(f"{file} should map stage names to their parameters")
    return sections


def read_yaml(file: Path) -> Any:
    """What a file of YAML says; UserError where it is none."""
    try:
        return parse_yaml(file.read_text("utf-8"))
    except IsADirectoryError:
        raise UserError(f"{file} is a folder, and should be a file of YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = str(error).replace('in "<unicode string>", ', "")
        hint = MERGE if b"\n<<<<<<< " in b"\n" + file.read_bytes() else ""
        raise UserError(f"{file} is not YAML: {why}", hint=hint) from None


def parse_yaml(text: str) -> Any:
    """What a YAML text says, by libyaml where PyYAML has it: many times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, loader)


def load(kind: type[S], section: str, file: Path = RECIPE) -> S | None:
    """Read `section` of the recipe as a `kind`; None where the stage is off.

    Sections that `kind` shares with other stages are read from the top level, and
    have their defaults where they are absent.
    """
    sections = read(file)
    values: Any = sections
    for name in section.split("."):
        if not isinstance(values, dict) or name not in values:
            raise _miss(section, sections, file)
        values = values[name]
    if is_off(values):
        return None
    values = values or {}
    if not isinstance(values, dict):
        return check(kind, values, section, file)
    for name, shared in shared_sections(kind).items():
        if name in values:
            raise UserError(
                f"{file}{_line(file, [section, name])}: {section}.{name}: "
                "other stages read this too",
                hint=f"write it once, as the section `{name}` at the top level",
            )
        own = sections.get(name)
        own = {} if own is None or is_off(own) else own
        values = {**values, name: check(shared, own, name, file)}
    return check(kind, values, section, file)


def _miss(section: str, sections: dict[str, Any], file: Path) -> UserError:
    """The mistake of a section that is absent, or of one entry of it."""
    stage, _, entry = section.partition(".")
    entries = sections.get(stage)
    if entry and isinstance(entries, dict):
        known = ", ".join(map(str, entries)) or "none"
        return UserError(f"{file}: {stage} has no {entry!r}", hint=f"it has {known}")
    return UserError(
        f"{file}: there is no section {stage!r}",
        hint=f"write `{stage}: {{}}` for the defaults, or `{stage}: off` to leave the "
        "stage out",
    )


def is_off(section: Any) -> bool:
    """Whether a section leaves its stage out; YAML reads a bare `off` as false."""
    return section is False or section == "off"


def check(kind: type[S], values: Any, section: str, file: Path = RECIPE) -> S:
    """`values` as a `kind`, or a UserError that names each mistake and its line."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UserError(_explain(error, kind, section, file)) from None


def _explain(
    error: ValidationError, kind: type[Settings], section: str, file: Path
) -> str:
    """One line per mistake: where it is, what is wrong, what was found there."""
    lines = []
    for mistake in error.errors():
        loc = [name for name in map(str, mistake["loc"]) if not MEMBER.fullmatch(name)]
        path = [*filter(None, section.split(".")), *loc]
        message = mistake["msg"].removeprefix("Value error, ")
        message = NO_MAPPING.sub("expected settings by name", message)
        message = NO_LIST.sub("expected a list", message)
        if mistake["type"] == "extra_forbidden":
            name = str(mistake["loc"][-1])
            inner = _kind_at(kind, mistake["loc"])
            message = _explain_unknown(name, inner, ".".join(path[:-1]) or str(file))
        where = f"{file}{_line(file, path)}"
        value = shorten(repr(mistake["input"]), SHOWN)
        got = f" (got {value})" if mistake["loc"] else ""
        lines.append(f"{where}: {'.'.join(path)}: {message}{got}")
    return "\n".join(lines)


def _explain_unknown(name: str, kind: type[Settings], section: str) -> str:
    for shared, its_kind in shared_sections(kind).items():
        if name in its_kind.model_fields:
            return f"it belongs in `{shared}`, a section that stages share"
    return f"unknown name; {section} knows {', '.join(kind.model_fields)}"


def _kind_at(kind: type[Settings], path: tuple[int | str, ...]) -> type[Settings]:
    """The settings that hold the last name of `path`, as far as fields are plain."""
    for name in path[:-1]:
        field = kind.model_fields.get(str(name))
        for part in (field.annotation, *get_args(field.annotation)) if field else ():
            if isinstance(part, type) and issubclass(part, Settings):
                kind = part
    return kind


def _line(file: Path, path: Iterable[str]) -> str:
    """`:12` for the line of the deepest part of `path` that the file holds."""
    node = yaml.compose(file.read_text("utf-8")) if file.exists() else None
    line = ""
    for name in path:
        for key, value in _children(node):
            if key == name:
                node, line = value, f":{value.start_mark.line + 1}"
                break
        else:
            break
    return line


def _children(node: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(node, yaml.MappingNode):
        return [(key.value, value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(str(i), value) for i, value in enumerate(node.value)]
    return []
