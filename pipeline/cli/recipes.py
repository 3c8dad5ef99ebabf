"""The named recipes in recipes/, and which of them is active."""

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.recipe import RECIPE

FOLDER = Path("recipes")


def run(action: str, names: list[str]) -> None:
    """List, show, use or compare recipes."""
    actions: dict[str, tuple[int, Callable[..., None]]] = {
        "list": (0, _list),
        "show": (1, _show),
        "use": (1, _use),
        "diff": (2, _diff),
    }
    count, run_action = actions[action]
    if len(names) != count:
        raise UserError(f"recipe {action} takes {count} names, {len(names)} given")
    run_action(*names)


def _list() -> None:
    active = RECIPE.read_text() if RECIPE.exists() else ""
    for file in sorted(FOLDER.glob("*.yaml")):
        text = file.read_text()
        head = next((line[1:].strip() for line in text.splitlines() if line), "")
        print(f"{'*' if text == active else ' '} {file.stem:16} {head}")


def _show(name: str) -> None:
    print(_file(name).read_text(), end="")


def _use(name: str) -> None:
    """Make `name` the active recipe; refuse to lose unsaved edits."""
    file = _file(name)
    if RECIPE.exists():
        current = RECIPE.read_text()
        saved = any(current == other.read_text() for other in FOLDER.glob("*.yaml"))
        if not saved:
            raise UserError(
                f"{RECIPE} has edits that no recipe holds",
                hint=f"keep them first: cp {RECIPE} {FOLDER}/my-recipe.yaml",
            )
    write_text(RECIPE, file.read_text())
    print(f"{RECIPE} is now {file}; run `dvc repro`")


def _diff(old: str, new: str) -> None:
    before, after = (_file(name).read_text().splitlines() for name in (old, new))
    print("\n".join(unified_diff(before, after, old, new, lineterm="", n=1)))


def _file(name: str) -> Path:
    file = FOLDER / f"{name}.yaml"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.yaml")))
        raise UserError(f"no recipe is called {name!r}", hint=f"try {known}")
    return file
