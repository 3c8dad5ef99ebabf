"""`goldsieve init`: a project around files of one's own, and a recipe for them.

What the files hold is looked at, not asked for (`guess`). The recipe turns on what any
such set needs, from quality to the card. Difficulty comes from recorded completions
where the files hold some, or else from a real model: the one that is named, or the
packaged one, which is small and needs no Hub.
"""

import json
import os
import re
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import recipes
from pipeline.chats import read_completions, read_question
from pipeline.cli import project
from pipeline.cli.guess import Guess, guess
from pipeline.cli.guess_completions import FEW, Name
from pipeline.cli.needs import look_on_hub
from pipeline.cli.standalone import pair
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.models import COMMIT
from pipeline.readers import COMPRESSED, SUFFIXES, nested, read_column

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 70  # characters of a value
EXAMPLES = 3  # rows
BOX = "Please reason step by step, and put your final answer within \\boxed{}."
PROGRAM = "Put the whole program into one block of code, between ``` and ```."
SPLITS = 10  # more values than that are no splits
KNOWN = ("aime24", "aime25", "math500", "gsm8k_test")  # must not leak into maths


def run(folder: Path, files: list[Path], columns: list[str], model: str = "") -> None:
    """Make a project around files of rows: show what they hold, write a recipe.

    Without `files`, those that lie in `folder` are taken. UserError where there is
    none, or no column of one can be the problem.
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
    write_text(path, _recipe(dict(zip(keys, guesses, strict=True)), folder, model))
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


def _recipe(sources: dict[str, Guess], folder: Path, model: str) -> str:
    """The text of the recipe: what is on, and beside each guess what it rests on."""
    guesses, name = list(sources.values()), next(iter(sources))
    lines = [
        "# Written by `goldsieve init`. Look at what is guessed; docs/ has a page for",
        "# every section.",
        "extends: _rl",
        "collect:",
    ]
    for key, found in sources.items():
        lines += _source(key, found, folder)
    sets = _benchmarks(guesses)
    lines += [
        f"benchmarks: {{sets: [{', '.join(sets)}]}}",
        *([] if sets else [
            "# None was within reach. A file of yours: {name: exam, path: exam.jsonl,",
            "# adapter: generic}; with the Hub: " + ", ".join(KNOWN) + ".",
        ]),
        "quality: {}",
        "dedup_exact: {}",
        "dedup_ngram: {}",
        f"decontaminate: {'{}' if sets else 'off  # needs benchmarks'}",
        *_sampling(guesses, folder, model),
        "select: {}",
        f"card: {{title: {_quoted(name)}}}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _source(key: str, found: Guess, folder: Path) -> list[str]:
    lines = [f"  {key}:", f"    adapter: {found.adapter}"]
    if "adapter" in found.evidence:
        lines[-1] += f"  # {found.evidence['adapter']}"
    lines += [
        f"    path: {_quoted(_path(found.path, folder))}",
        "    license: unknown  # say which it is: it goes onto the card",
    ]
    splits = dict.fromkeys(str(row.get("split")) for row in found.rows)
    if 1 < len(splits) < SPLITS and "None" not in splits:
        names = ", ".join(splits)
        lines.append(f"    # split: {names.split(', ')[0]}  # one of {names}; now all")
    if found.renames:
        lines.append("    columns:")
    lines += [
        f"      {wanted}: {_quoted(column)}  # {found.evidence[wanted]}"
        for wanted, column in found.renames.items()
    ]
    if found.adapter != "generic":
        return lines
    if found.pattern:
        lines.append(f"    pattern: {{answer: {_quoted(found.pattern)}}}")
    lines += [
        "    set:",
        f"      verifier: {found.verifier or 'null'}  # {found.evidence['verifier']}",
        f"      domain: {found.domain}  # {found.evidence['domain']}",
    ]
    return lines


def _path(file: Path, folder: Path) -> str:
    """The file as the project sees it."""
    return os.path.relpath(file.resolve(), folder.resolve())


def _quoted(text: Name) -> str:
    return json.dumps(text, ensure_ascii=False)


def _benchmarks(guesses: list[Guess]) -> list[str]:
    """The known sets that can be had, where the problems are maths."""
    if not any(found.verifier == "math" for found in guesses):
        return []
    known = recipes_known()
    return [
        name
        for name in KNOWN
        if not list(look_on_hub(name, *known[name], kind="dataset"))
    ]


def recipes_known() -> dict[str, tuple[str, str]]:
    """(repository, commit) of each benchmark that a recipe may name."""
    from importlib import import_module

    sets: dict[str, dict[str, Any]] = import_module("stages.benchmarks").KNOWN
    return {
        name: (each["repo"], each["revision"])
        for name, each in sets.items()
        if "repo" in each
    }


def _sampling(guesses: list[Guess], folder: Path, model: str) -> list[str]:
    """Where completions come from: the files themselves, or a model."""
    window = "{lo: 0.1, hi: 0.9}  # neither always right nor never"
    if any(0 < found.a_row < FEW for found in guesses if found.completions):
        window = "{}  # so few answers a problem do not tell how hard it is"
    window_lines = [f"pass_rate_window: {window}", "difficulty: {}", "verify: {}"]
    if not any(found.verifier for found in guesses):
        return ["# Without answers nothing can be graded: model, rollouts, verify off."]
    if recorded := [found for found in guesses if found.completions]:
        lines = ["rollouts:  # as recorded: no model is needed", "  engine: replay"]
        lines.append("  replay:")
        for found in recorded:
            lines += [
                f"    - path: {_quoted(_path(found.path, folder))}",
                *_asked(found),
                f"      completions: {_quoted(found.completions)}"
                f"  # {found.evidence['completions']}",
            ]
        return [*lines, *window_lines]
    return [
        f"model: {_model(model)}",
        f"prompt: {{suffix: {_quoted(_suffix(guesses))}}}",
        f"rollouts: {{engine: {_engine()}, samples: 8, max_tokens: 1024}}",
        *window_lines,
    ]


def _asked(found: Guess) -> list[str]:
    """How a recording finds its problems: as the source reads them."""
    if found.adapter == "generic":
        return [f"      problem: {_quoted(found.renames['problem'])}"]
    columns = ", ".join(f"{k}: {_quoted(v)}" for k, v in found.renames.items())
    lines = [f"      adapter: {found.adapter}"]
    return [*lines, f"      columns: {{{columns}}}"] if columns else lines


def _suffix(guesses: list[Guess]) -> str:
    """What models are told of how to answer, by the verifiers that will read it."""
    verifiers = {found.verifier for found in guesses} - {None}
    if verifiers == {"code"}:
        return PROGRAM
    return f"{BOX} A program goes into a block of code." if "code" in verifiers else BOX


def _model(text: str) -> str:
    """The setting `model` for a folder, or a Hub repository at a commit."""
    if not text:
        return "{kind: packaged}  # SmolLM2-135M-Instruct; name a stronger one"
    if Path(text).is_dir():
        return f"{{kind: local, path: {_quoted(str(Path(text).resolve()))}}}"
    repo, _, commit = text.partition("@")
    if commit and not re.fullmatch(COMMIT, commit):
        raise UserError(f"--model {text}: {commit} is no full commit hash")
    # `recipe use` says what to do where there is none.
    revision = _quoted(commit) if commit else "null"
    return f"{{kind: hub, repo: {_quoted(repo)}, revision: {revision}}}"


def _engine() -> str:
    """The engine: vLLM where it is installed beside a GPU, or transformers."""
    import shutil
    from importlib.util import find_spec

    has_gpu = shutil.which("nvidia-smi") is not None
    return "vllm" if has_gpu and find_spec("vllm") else "transformers"


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
