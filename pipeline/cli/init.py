"""`goldsieve init`: a project around files of one's own, and a recipe for them.

What the files hold is looked at, not asked for (`guess`), and shown; the recipe for it
is written by `init_recipe`.
"""

import re
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import recipes
from pipeline.chats import read_completions, read_question
from pipeline.cli import project
from pipeline.cli.guess import Guess, guess
from pipeline.cli.guess_completions import Name
from pipeline.cli.init_recipe import UNKNOWN, write_recipe
from pipeline.cli.standalone import pair
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.readers import COMPRESSED, SUFFIXES
from pipeline.rows import nested, read_column

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 70  # characters of a value
EXAMPLES = 3  # rows


def run(
    folder: Path,
    files: list[Path],
    columns: list[str],
    model: str = "",
    license: str = UNKNOWN,
) -> None:
    """Make a project around files of rows: show what they hold, write a recipe.

    Without `files`, those that lie in `folder` are taken; `license` is that of all.
    UserError where there is none, or no column of one can be the problem.
    """
    files = files or sorted(f for f in folder.glob("*") if f.suffix in SUFFIXES)
    if not files:
        raise UserError(
            f"there is no file of rows in {folder}",
            hint=f"goldsieve init {folder} FILE…, of {', '.join(SUFFIXES)}",
        )
    guesses = [guess(file, dict(map(pair, columns))) for file in files]
    for found in guesses:
        _show(found)
    keys = _keys(files)
    name = keys[0]
    path = folder / recipes.FOLDER / f"{name}.yaml"
    if path.exists():
        raise UserError(
            f"{path} exists already", hint="edit it, or remove it and run this again"
        )
    project.write(folder)
    sources = dict(zip(keys, guesses, strict=True))
    write_text(path, write_recipe(sources, folder, model, license=license.strip()))
    with chdir(folder):
        from pipeline.cli.recipes import run as use

        use("use", [name])
    _say_next(folder, path, guesses, model)


def _show(found: Guess) -> None:
    """What a file holds, what it is taken for and why, and its first rows."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    lost = f", {found.unreadable} that cannot be read" if found.unreadable else ""
    console.print(f"{found.path}: looked at {len(found.rows):,} rows{lost}")
    table = Table("column", "holds", "filled", "for example")
    for column in found.columns:
        example = column.example[:SHOWN]
        table.add_row(column.name, column.kind, f"{column.filled:.0%}", example)
    console.print(table)
    table = Table("taken for", "what", "because")
    for wanted, why in found.evidence.items():
        table.add_row(wanted, _taken(found, wanted), why)
    console.print(table)
    for number, row in enumerate(found.rows[:EXAMPLES]):
        for wanted, name in found.renames.items():
            value = read_column(row, name)
            text = read_question(value) if wanted == "problem" else value
            _show_value(console, f"row {number} {wanted}", text)
        for name in found.completions[:1]:
            text = read_completions(nested(row, name))[0].text
            _show_value(console, f"row {number} completions", text)


def _show_value(console: "Console", what: str, value: object) -> None:
    text = " ".join(str(value).split())[: 2 * SHOWN]
    console.print(f"{what}: {text}", soft_wrap=True)


def _taken(found: Guess, wanted: str) -> str:
    guessed: dict[str, Name | None] = {
        "adapter": found.adapter,
        "verifier": found.verifier,
        "domain": found.domain,
        "completions": found.completions,
    }
    taken = found.renames.get(wanted) or guessed.get(wanted) or "none"
    return taken if isinstance(taken, str) else " + ".join(taken)


def _keys(files: list[Path]) -> list[str]:
    """A name for each file, by which the recipe calls it, and no two the same."""
    keys = list[str]()
    for file in files:
        while file.suffix.lower() in (*SUFFIXES, *COMPRESSED):
            file = file.with_suffix("")
        key = re.sub(r"\W+", "_", file.name).strip("_").lower() or "mine"
        key = f"set_{key}" if key[0].isdecimal() else key
        taken = {key, *(f"{key}_{number}" for number in range(2, len(keys) + 2))}
        free = sorted(taken - set(keys), key=lambda each: (len(each), each))
        keys.append(key if key in free else free[0])
    return keys


def _say_next(folder: Path, path: Path, guesses: list[Guess], model: str) -> None:
    print(f"\nwrote {path}; look at it, then run:")
    if folder.resolve() != Path.cwd().resolve():
        print(f"  cd {folder}")
    if "@" not in model and model and not Path(model).is_dir():
        print(f"  goldsieve recipe pin {path.stem}   # the model's commit")
    print("  goldsieve check                    # is everything there?")
    print("  goldsieve estimate                 # what sampling will cost")
    print("  dvc repro card                     # the data set and its card")
    print("  goldsieve funnel                   # what left, and why")
