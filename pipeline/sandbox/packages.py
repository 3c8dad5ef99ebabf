"""Which installed packages can be seen in a sandbox: what is named, and what it needs.

Of what this machine has installed nothing else is there, so that a verdict does not
depend on it. What our own programs in `guest/` import is in the verifier's digest with
names and versions; what a row names (`packages` of `verify_info`) is in the key of the
verdict, as the compilers of this machine are. So a kept verdict holds for these alone.
"""

import shutil
import site
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import (
    PackageNotFoundError,
    distribution,
    packages_distributions,
)
from pathlib import Path

from pipeline.closure import library_versions

COMPILERS = "g++", "gcc"
MESSAGE_S = 10  # for a compiler to say its version


def find_absent(packages: Iterable[str]) -> str:
    """The first package, by the name it is imported by, that is not here; or ""."""
    return next((name for name in packages if not _distributions(name)), "")


@cache
def versions_of(packages: tuple[str, ...]) -> str:
    """Names and versions of packages and all that they require, in one text."""
    required = library_versions({each for p in packages for each in _distributions(p)})
    return " ".join(f"{name}={number}" for name, number in sorted(required))


@cache
def compiler_versions() -> str:
    """What the compilers of this machine say that they are; "" for one it has not."""
    return "\n".join(map(_say_version, filter(shutil.which, COMPILERS)))


def _say_version(compiler: str) -> str:
    run = subprocess.run(
        [compiler, "--version"], capture_output=True, text=True, timeout=MESSAGE_S
    )
    return run.stdout.partition("\n")[0]


@cache
def _distributions(package: str) -> tuple[str, ...]:
    """What was installed so that `package` can be imported; none where nothing was.

    A package may bear another name than its distribution: sklearn, of scikit-learn.
    """
    if found := _by_import().get(package):
        return tuple(sorted(set(found)))
    try:
        return (distribution(package).name,)
    except PackageNotFoundError:
        return ()


@cache
def _by_import() -> dict[str, list[str]]:
    return dict(packages_distributions())


@cache
def mount_packages(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Options of bubblewrap that show `packages` and all they require in /packages.

    Parts of a distribution outside its folder of packages, as commands, are left out.
    """
    options = ["--perms", "755", "--dir", "/packages"]
    entries: dict[str, Path] = {}
    roots = {each for package in packages for each in _distributions(package)}
    for name, number in sorted(library_versions(roots)):
        files = (number and distribution(name).files) or []
        for entry in sorted({file.parts[0] for file in files} - {"..", "__pycache__"}):
            path = Path(str(distribution(name).locate_file(entry))).resolve()
            entries.setdefault(entry, path)
    for entry, path in entries.items():
        options += ["--ro-bind-try", str(path), f"/packages/{entry}"]
    return tuple(options)


@cache
def hide_packages() -> tuple[str, ...]:
    """Options of bubblewrap that empty the folders of packages of Python itself."""
    inside = Path("/python")
    options: list[str] = []
    for folder in map(Path, site.getsitepackages([sys.base_prefix])):
        if folder.is_dir():
            is_ours = folder.is_relative_to("/usr")
            shown = folder if is_ours else inside / folder.relative_to(sys.base_prefix)
            options += ["--tmpfs", str(shown), "--remount-ro", str(shown)]
    return tuple(options)
