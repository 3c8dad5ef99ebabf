"""The named recipes: how they extend one another, and what they say of themselves.

`recipes/NAME.yaml`, of the project or else of the package, may extend another recipe
(`extends: _rl`; those that only serve as a base begin with `_`) and takes published
sources by name from `recipes/_sources.yaml`. `resolve` puts all of it together: the
sections that DVC and every stage read as params.yaml. Mappings are merged, all else is
replaced. A recipe that extends nothing is whole, and stays as it was written, comments
and all.

`about` says whose recipe it is and where each number was read. It reaches params.yaml
and the data card, and no stage: a better source for a number re-runs nothing.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from pipeline import recipe
from pipeline.errors import UserError
from pipeline.project import project_files
from pipeline.settings import Settings

FOLDER = Path("recipes")
SOURCES = "_sources"
NOT_SECTIONS = {"about", "extends"}  # of what a recipe's file says
# Where a source lies: a recipe that says where else drops all of these.
KINDS = {"repo", "path", "paths", "generator"}
LOCATION = KINDS | {"revision", "config", "split", "sha256"}
# A float to Python and a text to YAML 1.1, so that a trainer gets a text.
MISREAD_FLOAT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+|[-+]?\d*\.\d+[eE]\d+")


class About(Settings):
    """Whose recipe it is, how large its set was, and where its numbers come from.

    `from` and `unpublished` map a dotted key, or what it begins with, to the place
    where its numbers were read, or to why we chose them. `operators` is what has to
    touch a row in `recipe check`; what is on, where it is left out.
    """

    system: str = ""
    domain: str = ""
    paper: str = ""
    code: str = ""
    kind: Literal["sft", "rl"] = "rl"
    size: dict[str, int] = Field(default_factory=dict)
    read_from: dict[str, str | float] = Field(default_factory=dict, alias="from")
    unpublished: dict[str, str] = Field(default_factory=dict)
    departs: tuple[str, ...] = ()
    operators: tuple[str, ...] | None = None


def names() -> list[str]:
    """The recipes that can be used, of the project and the package, without bases."""
    files = (file for folder in _folders() for file in folder.glob("[!_]*.yaml"))
    return sorted({file.stem for file in files})


def path_of(name: str) -> Path:
    """The file of a recipe or a base: the project's, or else the package's.

    UserError where there is none.
    """
    for folder in _folders():
        if (file := folder / f"{name}.yaml").exists():
            return file
    known = names()
    near = get_close_matches(name, known, n=5) or (known if len(known) < 10 else [])
    hint = [f"try {', '.join(near)}"] if near else []
    hint.append("`goldsieve recipe list` has all")
    raise UserError(f"no recipe is called {name!r}", hint="; ".join(hint))


def is_own(name: str) -> bool:
    """Whether the project has a file of the recipe, and not the package alone."""
    return (FOLDER / f"{name}.yaml").exists()


def _folders() -> tuple[Path, Path]:
    return FOLDER, project_files() / FOLDER


def read_own(name: str) -> dict[str, Any]:
    """What the file of `name` says itself, `extends` among it."""
    return recipe.read(path_of(name))


def resolve(name: str) -> dict[str, Any]:
    """All sections of the recipe `name`, as params.yaml has them.

    Raises UserError where a file is absent or broken, or recipes extend in a circle.
    """
    chain = _chain(name)
    if len(chain) == 1:
        return chain[0]
    sources = _read_sources()
    sections: dict[str, Any] = {}
    for own in chain:
        sections = merge(sections, own)
    for section in ("collect", "pool"):
        if not isinstance(sections.get(section) or {}, dict):
            raise UserError(f"{path_of(name)}: {section}: expected settings by name")
    collect = sections.get("collect") or {}
    sections["collect"] = {key: _fill(key, collect[key], sources) for key in collect}
    _fill_benchmarks(sections.get("benchmarks"), sources)
    pool = sections.get("pool") or {}
    sections["pool"] = {"order": list(collect)} | pool
    return sections


def _chain(name: str) -> list[dict[str, Any]]:
    """What each file says, from the base to `name`, without `extends`."""
    chain: list[dict[str, Any]] = []
    seen: list[str] = []
    next_name: str | None = name
    while next_name:
        if next_name in seen:
            circle = " extends ".join([*seen, next_name])
            raise UserError(f"{path_of(name)}: {circle}")
        seen.append(next_name)
        own = read_own(next_name)
        next_name = own.pop("extends", None)
        if not isinstance(next_name, str | None):
            text = f"{path_of(seen[-1])}: extends: expected a name (got {next_name!r})"
            raise UserError(text)
        chain.insert(0, own)
    return chain


def _read_sources() -> dict[str, Any]:
    """The published sources by name; the project's entries win."""
    sources: dict[str, Any] = {}
    for folder in reversed(_folders()):
        file = folder / f"{SOURCES}.yaml"
        sources |= recipe.read(file) if file.exists() else {}
    return sources


def merge(base: Any, over: Any) -> Any:
    """`over` on top of `base`: mappings key by key, anything else replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: merge(base.get(key), over[key]) for key in over}
    return over


def _fill(name: str, own: Any, sources: dict[str, Any]) -> Any:
    """A source of the recipe on top of the published one that has its name."""
    if recipe.is_off(own):
        return own
    published, own = sources.get(name) or {}, own or {}
    if own.keys() & KINDS:
        published = {k: v for k, v in published.items() if k not in LOCATION}
    if not published and not own:
        hint = f"write its adapter and where it lies, or enter it in {SOURCES}.yaml"
        raise UserError(f"collect.{name}: {SOURCES}.yaml has no such source", hint=hint)
    return merge(published, own)


def _fill_benchmarks(section: Any, sources: dict[str, Any]) -> None:
    """Write out the benchmarks that are named by their entry in `_sources.yaml`."""
    if isinstance(section, dict) and "sets" in section:
        section["sets"] = [
            {"name": each, **sources[each]}
            if isinstance(each, str) and each in sources
            else each
            for each in section["sets"]
        ]


def leaves(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of all that holds nothing; items of lists by number."""
    if not (parts := _parts(node)):
        yield at, node
    for key, value in parts:
        yield from leaves(value, _join(at, key))


def list_files(sections: dict[str, Any]) -> list[tuple[str, str]]:
    """(key, path) of the local files and folders that a recipe names."""
    return [
        (key, value)
        for key, value in leaves(sections)
        if re.search(r"(^|\.)paths?(\.\d+)?$", key) and isinstance(value, str)
    ]


def _parts(node: Any) -> list[tuple[Any, Any]]:
    if isinstance(node, dict):
        return list(node.items())
    return list(enumerate(node)) if isinstance(node, list) else []


def _join(at: str, key: Any) -> str:
    return f"{at}.{key}" if at else str(key)


def find_unsourced(sections: dict[str, Any]) -> Iterator[str]:
    """Mistakes in the provenance of a recipe's numbers, one sentence each.

    Numbers of which `about` does not say where they come from, and what `about.from`
    says of keys that are not there.
    """
    about = recipe.check(About, sections.get("about") or {}, "about")
    own = {key: part for key, part in sections.items() if key not in NOT_SECTIONS}
    values = dict(leaves(own))
    known = [*about.read_from, *about.unpublished]
    for key, value in values.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and not any(_holds(prefix, key) for prefix in known):
            yield (
                f"{key}: {value} comes from nowhere; name the key, or what it begins "
                "with, in about.from (where it was read) or about.unpublished (why); a "
                "recipe of your own without `about` is not asked"
            )
        if isinstance(value, str) and MISREAD_FLOAT.fullmatch(value):
            number = yaml.safe_dump(float(value)).split()[0]
            yield f"{key}: {value} is a text to YAML, and no number; write {number}"
    for prefix in about.read_from:
        if not any(_holds(prefix, key) or _holds(key, prefix) for key in values):
            yield f"about.from.{prefix}: the recipe sets no such key"


def _holds(prefix: str, key: str) -> bool:
    return key == prefix or key.startswith(f"{prefix}.")


def unpinned(sections: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(dotted key, mapping) of what lies on the Hub and names no commit."""

    def walk(node: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(node, dict) and node.get("repo") and not node.get("revision"):
            yield at, node
        for key, value in _parts(node):
            yield from walk(value, _join(at, key))

    return list(walk({k: sections[k] for k in sections if k not in NOT_SECTIONS}, ""))


class _Plain(yaml.SafeDumper):
    """Writes a list that occurs twice out twice: people read the file."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dump(sections: dict[str, Any]) -> str:
    """The sections as the text of a params.yaml."""
    return yaml.dump(
        sections, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=88
    )
