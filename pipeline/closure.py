"""What a file's code rests on: the files of ours that it imports, and the libraries.

Data beside a file and called like it (units.py, units.toml) are a part of it.

Two things are known by it. dvc.yaml must name every file that a stage imports, or edits
go unseen. A kept verdict holds only as long as the code that made it: the digest of a
verifier's closure names the file in which its verdicts are kept.
"""

import ast
import re
import sys
from collections.abc import Collection, Iterable
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Folders whose files are loaded by name, or read as text, by the file before them.
VERIFIERS = (
    ("pipeline/verifiers/contract.py", "pipeline/verifiers"),
    ("pipeline/verifiers/details/contract.py", "pipeline/verifiers/details"),
)
LOADED = (
    *VERIFIERS,
    ("pipeline/contamination/contract.py", "pipeline/contamination/methods"),
    ("pipeline/engines/loading.py", "pipeline/engines"),
    ("pipeline/sandbox/guests.py", "pipeline/sandbox/guest"),
    ("stages/sources/_load.py", "stages/sources"),
)
DATA = ".toml", ".jsonl"
Loaded = Collection[tuple[str, str]]


def import_closure(
    files: Iterable[Path], root: Path = ROOT, loaded: Loaded = LOADED
) -> set[Path]:
    """`files` and those of ours that they import, at any remove and anywhere in them.

    Paths are relative to `root`, given and returned.
    """
    closure: set[Path] = set()
    todo = set(files)
    while todo:
        closure |= todo
        todo = set().union(*(_imports(file, root, loaded) for file in todo)) - closure
    return closure


def code_digest(file: Path, root: Path = ROOT, loaded: Loaded = LOADED) -> str:
    """16 hex digits for the code of `file`'s closure.

    They change with a file of ours in it, with the version of a library that one of
    them imports or that such a library requires, and with Python's.
    """
    digest = blake2b(sys.version.encode(), digest_size=8)
    libraries: set[str] = set()
    for each in sorted(import_closure([file], root, loaded)):
        source = (root / each).read_bytes()
        digest.update(f"{each} {len(source)}\n".encode() + source)
        if each.suffix == ".py":
            libraries |= {name.partition(".")[0] for name in _imported_names(source)}
    libraries -= {file.parts[0], *sys.stdlib_module_names}
    for name, number in sorted(library_versions(libraries)):
        digest.update(f"{name}={number}\n".encode())
    return digest.hexdigest()


def _imports(file: Path, root: Path, loaded: Loaded) -> set[Path]:
    if file.suffix != ".py":
        return set()
    names = _imported_names((root / file).read_bytes())
    paths = {Path(*name.split(".")) for name in names}
    files = {path.with_suffix(".py") for path in paths}
    files |= {path / "__init__.py" for path in paths}
    files |= {file.with_suffix(suffix) for suffix in DATA}
    for loader, folder in loaded:
        if file == Path(loader):
            texts = (root / folder).rglob("*.*")
            known = (".py", ".h", *DATA)
            files |= {t.relative_to(root) for t in texts if t.suffix in known}
    return {file for file in files if (root / file).is_file()}


@lru_cache(maxsize=1024)
def _imported_names(source: bytes) -> frozenset[str]:
    """Dotted names of modules, and of what is imported from them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return frozenset(names)


def library_versions(libraries: set[str]) -> set[tuple[str, str]]:
    """(name, version) of `libraries` and all that they require; "" where one is not."""
    versions: dict[str, str] = {}
    todo = set(libraries)
    while todo:
        name = todo.pop()
        try:
            versions[name] = version(name)
            required = requires(name) or []
        except PackageNotFoundError:
            versions[name], required = "", []
        needs = [each for each in required if "extra ==" not in each]
        todo |= {re.split(r"[^\w.-]", each)[0] for each in needs} - versions.keys()
    return set(versions.items())
