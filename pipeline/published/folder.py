"""A published set as a folder: shards of each config, the card, the recipe.

The same tables give the same bytes, so that what the Hub already has of an upload that
was cut off is not sent again.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import yaml

from pipeline import dag, recipe
from pipeline.errors import UserError
from pipeline.files import replacing_folder, write_text
from pipeline.published.configs import Config, read_configs
from pipeline.recipes import dump
from pipeline.shards import write_parts

CARD = Path("data_cards/README.md")
PLOTS = Path("data_cards/plots")
PICTURE = re.compile(r"\(plots/([\w.-]+\.svg)\)")
PLACEHOLDER = "your-org/your-dataset"
EXAMPLES = "<!-- examples -->"
RECIPE = "recipe.yaml"
SHOWN = 200  # characters of a text in an example
LOOKED_AT = 1000  # rows of a config, for an example
GROUP_BYTES = 32 << 20  # of a row group, in memory
FILE_BYTES = 1 << 30  # of a file, in memory: about a third on the disk


def write(repo: str, folder: Path) -> None:
    """The whole dataset repository, as `datasets.load_dataset(folder, name)` reads.

    UserError where the card is missing or off, or a stage has not run.
    """
    card = _read_card()
    _refuse_to_lose_files(folder)
    with replacing_folder(folder) as draft:
        present = []
        for name, parts in groupby(read_configs(), lambda config: config.name):
            if sum(write_config(part, draft / name) for part in list(parts)):
                present.append(name)
            else:
                shutil.rmtree(draft / name, ignore_errors=True)
        filled = fill_card(card, repo, present)
        shown = filled.replace(EXAMPLES, describe_examples(draft, present))
        write_text(draft / "README.md", shown)
        write_text(draft / RECIPE, describe_recipe())
        (draft / "plots").mkdir()
        for picture in PICTURE.findall(card):
            shutil.copy(PLOTS / picture, draft / "plots" / picture)


def _refuse_to_lose_files(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / RECIPE).exists():
        raise UserError(
            f"{folder} holds other files than a published set",
            hint="name a folder that is empty, or not there yet",
        )


def _read_card() -> str:
    if not CARD.exists():
        raise UserError(f"{CARD} does not exist", hint="dvc repro card")
    card = CARD.read_text("utf-8")
    if not card.startswith("---\n"):
        raise UserError("the card is off in this recipe", hint="write `card: {}`")
    return card


def write_config(config: Config, folder: Path) -> int:
    """Write a table as `folder`/<stem>-00000-of-00003.parquet …; say how many rows."""
    folder.mkdir(exist_ok=True)
    rows, drafts = 0, list[Path]()

    def count(groups: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        nonlocal rows
        for group in groups:
            rows += group.height
            yield group

    for number, groups in enumerate(_split_files(_fill_groups(config.pieces))):
        drafts.append(folder / f"{config.stem}-{number:05d}.parquet")
        write_parts(count(groups), config.schema, drafts[-1])
    for draft in drafts:
        draft.rename(draft.with_stem(f"{draft.stem}-of-{len(drafts):05d}"))
    return rows


def _split_files(groups: Iterator[pl.DataFrame]) -> Iterator[Iterator[pl.DataFrame]]:
    """The row groups of each file, which are read before the next file is asked for."""
    for first in groups:
        yield _fill_file(first, groups)


def _fill_file(
    first: pl.DataFrame, groups: Iterator[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    yield first
    size: float = first.estimated_size()
    while size < FILE_BYTES and (group := next(groups, None)) is not None:
        yield group
        size += group.estimated_size()


def _fill_groups(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting, held = list[pl.DataFrame](), 0.0
    for piece in pieces:
        if not piece.height:
            continue
        waiting.append(piece)
        held += piece.estimated_size()
        if held >= GROUP_BYTES:
            yield pl.concat(waiting)
            waiting, held = [], 0.0
    if waiting:
        yield pl.concat(waiting)


def fill_card(card: str, repo: str, present: list[str]) -> str:
    """The card with the repository's own name, and configs that have rows."""
    _, head, body = card.split("---\n", 2)
    front: dict[str, Any] = yaml.safe_load(head)
    front["configs"] = [c for c in front["configs"] if c["config_name"] in present]
    lines = [
        line.replace(PLACEHOLDER, repo)
        for line in body.splitlines()
        if "load_dataset(" not in line or any(f'"{name}"' in line for name in present)
    ]
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n" + "\n".join(lines) + "\n"
    )


def describe_examples(folder: Path, names: list[str]) -> str:
    """A row of each config that says much, texts and lists cut short."""
    parts = ["## A row of each config", ""]
    for name in names:
        file = min((folder / name).iterdir())
        row = _choose_example(pl.read_parquet(file, n_rows=LOOKED_AT))
        text = json.dumps(_shorten(row), indent=1, ensure_ascii=False)
        parts += [f"<details><summary>{name}</summary>", ""]
        # A text may hold a fence of its own.
        parts += ["````json", text, "````", "", "</details>", ""]
    return "\n".join(parts).rstrip()


def _choose_example(rows: pl.DataFrame) -> dict[str, Any]:
    """The first of the rows with the fewest columns that are null or hold nothing."""
    texts = cs.string()
    empty = pl.sum_horizontal(pl.all().is_null(), (texts == "").fill_null(value=False))
    return rows.row(rows.select(empty).to_series().arg_min() or 0, named=True)


def _shorten(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorten(part) for key, part in value.items()}
    if isinstance(value, list):
        more = [f"… {len(value) - 3} more"] if len(value) > 3 else []
        return [_shorten(part) for part in value[:3]] + more
    if isinstance(value, str) and len(value) > SHOWN:
        return f"{value[:SHOWN]}… {len(value) - SHOWN} more characters"
    return value


def describe_recipe() -> str:
    """The recipe that made the set, without training and without folders of ours."""
    return dump(dag.hide_folders(dag.data_recipe(recipe.read(), dag.read())))
