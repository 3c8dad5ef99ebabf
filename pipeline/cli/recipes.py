"""The named recipes in recipes/: which there are, how they differ, which is active.

`use` writes params.yaml, under a line that holds a digest of the rest. So it knows
its own output from a file that somebody edited, which it leaves alone.
"""

import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pipeline import dag, recipe, recipes
from pipeline.cli import recipe_tables
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.recipe import RECIPE

HEAD = (
    "# Written by `goldsieve recipe use {name}` [{digest}]: edit recipes/{name}.yaml, "
    "and use it again.\n"
)
HEAD_LINE = re.compile(r"# Written by `goldsieve recipe use ([\w-]+)` \[(\w+)\].*\n")


def run(
    action: str,
    names: list[str],
    *,
    force: bool = False,
    markdown: bool = False,
    data: Path | None = None,
) -> None:
    """List, show, use, pin, compare or check recipes."""
    if action == "check":
        from pipeline.cli.recipe_check.check import check

        check(names, data=data)
        return
    actions: dict[str, tuple[int, Callable[..., None]]] = {
        "list": (0, lambda: _list(markdown=markdown)),
        "show": (1, _show),
        "use": (1, lambda name: _use(name, force=force)),
        "pin": (1, lambda name: _pin(name, force=force)),
        "diff": (2, _diff),
    }
    count, run_action = actions[action]
    if len(names) != count:
        raise UserError(f"recipe {action} takes {count} names, {len(names)} given")
    run_action(*names)


def active() -> str | None:
    """The recipe that params.yaml was written from; None where it was edited."""
    text = RECIPE.read_text("utf-8") if RECIPE.exists() else ""
    head = HEAD_LINE.match(text)
    if head and head[2] == _digest(text[head.end() :]):
        return head[1]
    copied = (name for name in recipes.names() if text == _own_text(name))
    return next(copied, None)


def render(name: str) -> str:
    """The text of a params.yaml; a recipe that extends nothing keeps its comments."""
    extends = "extends" in recipes.read_own(name)
    body = recipes.dump(recipes.resolve(name)) if extends else _own_text(name)
    return HEAD.format(name=name, digest=_digest(body)) + body


def _own_text(name: str) -> str:
    return recipes.path_of(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _list(*, markdown: bool) -> None:
    every = {name: recipes.resolve(name) for name in recipes.names()}
    if markdown:
        print(recipe_tables.markdown(every))
    else:
        recipe_tables.show(every, active())


def _show(name: str) -> None:
    print(render(name).partition("\n")[2], end="")


def _use(name: str, *, force: bool) -> None:
    """Make `name` the active recipe; refuse to lose unsaved edits."""
    text = render(name)
    _refuse_to_lose_edits(force=force)
    write_text(RECIPE, text)
    print(f"{RECIPE} is now the recipe {name}; run `dvc repro`")
    if not recipes.is_own(name):
        print(f"to change it, write one of yours with `extends: {name}`")
    if missing := [key for key, _ in recipes.unpinned(recipes.resolve(name))]:
        print(f"without a commit: {', '.join(missing)}; `goldsieve recipe pin {name}`")


def _refuse_to_lose_edits(*, force: bool) -> None:
    if not dag.FILE.exists():
        raise UserError(f"there is no {dag.FILE} here", hint=recipe.NO_PROJECT)
    if RECIPE.exists() and not active() and not force:
        raise UserError(
            f"{RECIPE} has edits that no recipe holds",
            hint=f"keep them: cp {RECIPE} {recipes.FOLDER}/my-recipe.yaml; "
            "or lose them: --force",
        )


def _pin(name: str, *, force: bool) -> None:
    """Use `name`, with the Hub's latest commit for all that names none.

    The head keeps the digest of the recipe itself, so commits that no recipe file
    holds count as edits, and `use` does not lose them.
    """
    sections = recipes.resolve(name)
    unpinned = recipes.unpinned(sections)
    if not unpinned:
        _use(name, force=force)
        return
    _refuse_to_lose_edits(force=force)
    for key, location in unpinned:
        location["revision"] = _latest_commit(key, location["repo"])
        print(f"{key}: {location['repo']} at {location['revision']}")
    head = HEAD.format(name=name, digest=_digest(recipes.dump(recipes.resolve(name))))
    write_text(RECIPE, head + recipes.dump(sections))
    print(f"written to {RECIPE}; keep the commits in {recipes.SOURCES}.yaml")


def _latest_commit(key: str, repo: str) -> str:
    """The commit of the Hub's main branch; UserError where it does not answer."""
    import httpx
    from huggingface_hub import HfApi

    from pipeline.published.hub import PATIENCE_S

    is_model = key.rpartition(".")[2] == "model"
    ask = HfApi().model_info if is_model else HfApi().dataset_info
    try:
        commit = ask(repo, timeout=PATIENCE_S).sha
    except (OSError, httpx.HTTPError) as error:  # what the Hub refuses, too
        raise UserError(f"{key}: the Hub says nothing of {repo}: {error}") from None
    return str(commit)


def _diff(old: str, new: str) -> None:
    """A line for each key whose value differs, of the resolved recipes."""
    before, after = (_values(name) for name in (old, new))
    for key in sorted(before.keys() | after.keys()):
        first, second = before.get(key, "–"), after.get(key, "–")
        if first != second:
            print(f"{key}: {first} → {second}")


def _values(name: str) -> dict[str, Any]:
    sections = recipes.resolve(name)
    sections.pop("about", None)
    return dict(recipes.leaves(sections))
