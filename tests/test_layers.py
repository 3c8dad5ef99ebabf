"""No layer imports upward: the wings of the house and what each may see."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

# pipeline/*.py, the ground that everything stands on. It imports nothing of ours but
# itself; `__main__` is the door of the command line. `cluster` is a folder of it.
GROUND = {
    "__init__", "archives", "arrow_rows", "arrow_types", "catalog", "charts", "chats",
    "closure", "cluster", "console", "csv_names", "csv_rows", "dag", "disks",
    "embedding", "encoder", "errors", "expressions", "files", "filter", "json_rows",
    "json_tables", "kept", "lineage", "locations", "machine", "models", "orphans",
    "owners", "packaged", "parallel", "project", "prompts", "readers", "recipe",
    "recipes", "rounding", "rows", "schema", "settings", "shards", "sql", "stored",
    "streams", "surrogates", "tables", "text", "thinking",
}  # fmt: skip
# The wings of pipeline/ and those below each, beside the ground. A folder that is not
# in this table fails the test.
WINGS: dict[str, set[str]] = {
    "cluster": set(),
    "kernels": set(),
    "sandbox": set(),
    "endpoint": set(),
    "pass_rates": set(),
    "dedup": {"kernels"},
    "engines": {"endpoint"},
    "sampling": {"engines"},
    "traces": {"kernels", "sandbox"},
    "contamination": {"dedup", "endpoint", "kernels"},
    "verifiers": {"endpoint", "sandbox"},
    "grading": {"endpoint", "kernels", "pass_rates", "verifiers"},
    "serve": {"grading", "verifiers"},
    "view": {"serve"},
    "published": {"pass_rates"},
    "cli": {
        "endpoint",
        "grading",
        "published",
        "sampling",
        "sandbox",
        "serve",
        "traces",
        "verifiers",
        "view",
    },
}
DOOR = {"cli"}  # what `__main__` may import
# Stages hold no paths and know no command line; training knows no data tools either.
NO_STAGE_IMPORTS = {"__main__", "cli", "recipe", "tables"}
NO_TRAINER_IMPORTS = {"__main__", "cli", "contamination", "dedup", "kernels"}

FILES = sorted(
    file
    for folder in ("pipeline", "stages", "trainers")
    for file in Path(folder).rglob("*.py")
)


def imports(file: Path) -> set[tuple[str, ...]]:
    """The modules of ours that `file` imports anywhere, as paths of names."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            base = tuple(node.module.split("."))
            names |= {(*base, alias.name) for alias in node.names}
    return {name for name in names if name[0] in {"pipeline", "stages", "trainers"}}


def allowed(file: Path) -> set[str]:
    """The parts of pipeline/ that a file in pipeline/ may import."""
    if len(file.parts) == 2:
        return GROUND | (DOOR if file.stem == "__main__" else set())
    wing = file.parts[1]
    return GROUND | WINGS[wing] | {wing}


def part(file: Path) -> str:
    return file.parts[1].removesuffix(".py")


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.parts[0] == "pipeline"], ids=str
)
def test_a_wing_imports_the_ground_and_the_wings_below_it(file: Path):
    known = GROUND | {"__main__"} if len(file.parts) == 2 else set(WINGS)
    assert part(file) in known, f"{file} is in no wing of the table"
    for name in imports(file):
        assert name[0] == "pipeline", f"{file} imports {'.'.join(name)}"
        assert name[1] in allowed(file), f"{file} imports {'.'.join(name)}"


@pytest.mark.parametrize("file", [f for f in FILES if f.parts[0] == "stages"], ids=str)
def test_a_stage_imports_the_machine_and_never_another_stage(file: Path):
    for name in imports(file):
        assert name[0] != "trainers", f"{file} imports {'.'.join(name)}"
        if name[0] == "stages":
            assert name[1] in {part(file), "sources"}, f"{file} imports {name}"
        else:
            assert name[1] not in NO_STAGE_IMPORTS, f"{file} imports {'.'.join(name)}"


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.parts[0] == "trainers"], ids=str
)
def test_a_trainer_imports_the_machine_and_never_a_stage(file: Path):
    for name in imports(file):
        assert name[0] != "stages", f"{file} imports {'.'.join(name)}"
        if name[0] == "pipeline":
            assert name[1] not in NO_TRAINER_IMPORTS, f"{file} imports {name}"


def is_stage(file: Path) -> bool:
    """Whether `file` is the head of a stage that is a folder."""
    return file.parts[0] == "stages" and file.parent.name not in {"stages", "sources"}


HEADS = [file for file in FILES if file.name == "__init__.py" and not is_stage(file)]


@pytest.mark.parametrize("file", HEADS, ids=str)
def test_the_heads_of_packages_hold_no_code(file: Path):
    body = ast.parse(file.read_text()).body
    assert all(isinstance(node, ast.Expr) for node in body)


GUESTS = [file for file in FILES if file.parent == Path("pipeline/sandbox/guest")]


@pytest.mark.parametrize("file", GUESTS, ids=str)
def test_what_runs_in_the_sandbox_imports_nothing_of_ours_but_its_neighbours(
    file: Path,
):
    for name in imports(file):
        assert name[:3] == ("pipeline", "sandbox", "guest"), f"{file} imports {name}"


def test_no_module_imports_itself_by_way_of_others():
    modules = {".".join(file.with_suffix("").parts): file for file in FILES}
    graph = {
        name: {
            dotted
            for imported in imports(file)
            for dotted in (".".join(imported), ".".join(imported[:-1]))
            if dotted in modules and dotted != name
        }
        for name, file in modules.items()
    }
    list(TopologicalSorter(graph).static_order())
