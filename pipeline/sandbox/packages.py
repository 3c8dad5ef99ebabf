"""Which installed packages can be seen in a sandbox: what is named, and what it needs.

Of what this machine has installed nothing else is there, so that a verdict does not
depend on it. The verifier's digest has the names and versions of these (they are what
the files in `guest/` import), so a kept verdict holds for them alone.
"""

import site
import sys
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from pipeline.closure import library_versions


@cache
def mount_packages(package: str) -> tuple[str, ...]:
    """Options of bubblewrap that show `package` and what it requires in /packages.

    Parts of a distribution outside its folder of packages, as commands, are left out.
    """
    options = ["--perms", "755", "--dir", "/packages"]
    for name, number in sorted(library_versions({package})):
        files = (number and distribution(name).files) or []
        for entry in sorted({file.parts[0] for file in files} - {"..", "__pycache__"}):
            path = Path(str(distribution(name).locate_file(entry))).resolve()
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
