"""Where compiled kernels are kept: under their source, not under its path.

numba keeps machine code by the path and the time of a source file, so every clone
compiles anew, and code goes on being used when only a file that it was inlined from has
changed. Here the folder is named by the text of the module and of those of ours that
it imports: clones and worktrees share what is compiled, and an edit costs the kernels
that hold a copy of it. Versions, the processor and signatures are told apart by numba.
"""

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, flock
from functools import cache
from hashlib import blake2b
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numba
import numpy
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

KERNELS = Path(__file__).parent
IMPORTED = re.compile(rb"^ *from pipeline\.kernels(?:\.| import )([\w, ]+)", re.M)


class SourceLocator(_CacheLocator):  # type: ignore[misc]
    """The folder of a kernel's machine code; its name says what was compiled."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file = file  # numba names it in warnings
        self._line = function.__code__.co_firstlineno
        module = Path(file).stem
        self._folder = _home() / f"{module}-{source_digest(module)}"

    @classmethod
    def from_function(
        cls, function: Callable[..., Any], file: str
    ) -> "SourceLocator | None":
        """None where nothing can be written: numba then asks its own locators."""
        return cls(function, file) if _is_writable(_home()) else None

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return f"numpy {numpy.__version__}"

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Code(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (SourceLocator, *CompileResultCacheImpl._locator_classes)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """numba's cache of one function, for several processes at once."""

    _impl_class = _Code

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Kept code, or None; stderr then says, once, that there is some to compile."""
        code = super().load_overload(signature, context)
        if code is None and parent_process() is None:
            _tell()
        return code

    def save_overload(self, signature: Any, code: Any) -> None:
        """Keep `code`; what cannot be kept is compiled again another time.

        numba reads an index, names a file in it and writes both: two processes with
        different signatures would write one file.
        """
        with suppress(OSError):
            os.makedirs(self.cache_path, exist_ok=True)
            with open(Path(self.cache_path) / ".lock", "w") as lock:
                flock(lock, LOCK_EX)
                super().save_overload(signature, code)


@cache
def source_digest(module: str) -> str:
    """The digest of the text of a kernel's module and of all that it imports here."""
    digest = blake2b(numba.__version__.encode(), digest_size=8)
    for name in sorted(_closure(module)):
        digest.update(f"{name}\n".encode() + _source(name))
    return digest.hexdigest()


def _closure(module: str) -> set[str]:
    closure: set[str] = set()
    todo = {module}
    while todo:
        closure |= todo
        todo = set().union(*map(_imports, todo)) - closure
    return closure


@cache
def _imports(module: str) -> set[str]:
    """The modules of this folder that `module` imports."""
    lines = IMPORTED.findall(_source(module))
    names = {name for line in lines for name in re.findall(r"\w+", line.decode())}
    return {name for name in names if (KERNELS / f"{name}.py").exists()}


@cache
def _source(module: str) -> bytes:
    return (KERNELS / f"{module}.py").read_bytes()


@cache
def _tell() -> None:
    text = "compiling kernels: once for this version, a minute or less"
    print(text, file=sys.stderr, flush=True)


def _home() -> Path:
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(config.CACHE_DIR or Path(cache_home) / "goldsieve" / "kernels")


@cache
def _is_writable(folder: Path) -> bool:
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return os.access(folder, os.W_OK)
    return False
