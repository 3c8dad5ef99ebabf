"""No layer imports upward: the order of HOUSE, as one table."""

import ast
from pathlib import Path

import pytest

FILES = sorted(
    file
    for folder in ("pipeline", "stages", "trainers")
    for file in Path(folder).rglob("*.py")
)
LEAVES = {"settings", "schema", "errors", "text", "prompts", "untrusted"}
# What each part of pipeline/ may import of ours; "*" is everything.
MAY = {
    **{leaf: set() for leaf in LEAVES},
    "verdict": {"schema"},
    "parallel": {"errors", "ray_worker"},
    "ray_worker": set(),
    "verdicts": {"verifiers"},
    "judging": {"verdicts", "endpoint", "parallel", "verifiers"},
    "models": {"errors"},
    "readers": {"errors"},
    "console": {"errors"},
    "kernels": {"kernels"},
    "pairs": set(),
    "room": set(),
    "similar": {"kernels", "pairs", "room"},
    "guard": {"kernels", "pairs"},
    "clusters": set(),
    "near": {"clusters", "guard", "kernels", "pairs", "verdict"},
    "contamination": {
        "contamination",
        "embedding",
        "endpoint",
        "guard",
        "kernels",
        "settings",
        "similar",
        "untrusted",
    },
    "release": {"kernels", "pairs", "similar"},
    "chat": {"errors", "settings"},
    "endpoint": {"chat", "errors"},
    "neighbours": {"errors", "console"},
    "recall": {"neighbours"},
    "semdedup": {"neighbours"},
    "embedding": {"errors", "console"},
    "recipe": {"errors", "settings"},
    "tables": {"errors"},
    "sandbox": {"errors", "sandbox"},
    "verifiers": {
        "endpoint",
        "errors",
        "sandbox",
        "settings",
        "untrusted",
        "verifiers",
    },
    "engines": {"chat", "errors", "models", "prompts", "console", "engines"},
}
STAGES_NEVER = {"recipe", "tables", "__main__", "standalone", "ledger", "publish"}
TRAINERS_MAY = {
    "settings", "recipe", "models", "prompts", "verifiers", "errors", "engines",
    "console", "schema", "judging", "tables",
}  # fmt: skip


def ours(file: Path) -> set[tuple[str, ...]]:
    """The modules of ours that `file` imports anywhere, as paths of names."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            base = tuple(node.module.split("."))
            found |= {(*base, alias.name) for alias in node.names}
    return {name for name in found if name[0] in {"pipeline", "stages", "trainers"}}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_layer_imports_upward(file: Path):
    layer, part = file.parts[0], Path(*file.parts[1:]).with_suffix("").parts[0]
    for name in ours(file):
        if layer == "pipeline":
            assert name[0] == "pipeline", f"{file} imports {name}"
            assert name[1] in MAY.get(part, {name[1]}), f"{file} imports {name}"
        elif layer == "stages":
            own = part if file.parts[1] != "sources" else "sources"
            assert name[0] != "trainers", f"{file} imports {name}"
            if name[0] == "stages" and len(name) > 1:
                assert name[1] in {own, "sources"}, f"{file} imports {name}"
            if name[0] == "pipeline":
                assert name[1] not in STAGES_NEVER, f"{file} imports {name}"
        else:
            assert name[0] != "stages", f"{file} imports {name}"
            if name[0] == "pipeline":
                assert name[1] in TRAINERS_MAY, f"{file} imports {name}"


def is_stage(file: Path) -> bool:
    """Whether `file` is the head of a stage that is a folder."""
    return file.parts[0] == "stages" and file.parent.name not in {"stages", "sources"}


HEADS = [file for file in FILES if file.name == "__init__.py" and not is_stage(file)]


@pytest.mark.parametrize("file", HEADS, ids=str)
def test_the_heads_of_packages_hold_no_code(file: Path):
    body = ast.parse(file.read_text()).body
    assert all(isinstance(node, ast.Expr) for node in body)
