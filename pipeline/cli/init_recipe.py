"""The recipe for files of one's own, with what each guess rests on beside it.

It turns on what any such set needs, from quality to the card. Difficulty comes from
recorded completions where the files hold some, or else from a real model: the one that
is named, or the packaged one, which is small and needs no Hub.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from pipeline.cli.guess import Guess
from pipeline.cli.guess_completions import FEW, Name
from pipeline.cli.needs import look_on_hub
from pipeline.errors import UserError
from pipeline.models import COMMIT

BOX = "Please reason step by step, and put your final answer within \\boxed{}."
PROGRAM = "Put the whole program into one block of code, between ``` and ```."
SPLITS = 10  # more values than that are no splits
KNOWN = ("aime24", "aime25", "math500", "gsm8k_test")  # must not leak into maths
UNKNOWN = "unknown"
UNSAID = "say which (MIT, Apache-2.0, CC-BY-4.0 …): it goes onto the card"


def write_recipe(
    sources: dict[str, Guess], folder: Path, model: str, *, license: str
) -> str:
    """The text of the recipe: what is on, and beside each guess what it rests on."""
    guesses, name = list(sources.values()), next(iter(sources))
    lines = [
        "# Written by `goldsieve init`. Look at what is guessed; docs/ has a page for",
        "# every section.",
        "extends: _rl",
        "collect:",
    ]
    for key, found in sources.items():
        lines += _source(key, found, folder, license)
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


def _source(key: str, found: Guess, folder: Path, license: str) -> list[str]:
    lines = [f"  {key}:", f"    adapter: {found.adapter}"]
    if "adapter" in found.evidence:
        lines[-1] += f"  # {found.evidence['adapter']}"
    lines += [
        f"    path: {_quoted(_path(found.path, folder))}",
        "    license: "
        + (f"{UNKNOWN}  # {UNSAID}" if license == UNKNOWN else _quoted(license)),
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
    known = _list_known()
    return [
        name
        for name in KNOWN
        if not list(look_on_hub(name, *known[name], kind="dataset"))
    ]


def _list_known() -> dict[str, tuple[str, str]]:
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
