"""Objects of the tests that the program uses: mocks, and functions handed over.

Runs in the sandbox and imports nothing of ours but its neighbours. They stay in the
tests' process, as the program's objects stay in its own; the program has stand-ins that
ask there. It may call them and read them, and not change what a mock has recorded or
what the tests hold. So do objects of the library, such as files and iterators.
"""

import functools
import operator
import sys
from collections.abc import Callable
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    TracebackType,
    WrapperDescriptorType,
)
from typing import Any

from pipeline.sandbox.guest.testing import Undecided

CALLABLE = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    MethodDescriptorType,
    WrapperDescriptorType,
    functools.partial,
)
NAMED = "__name__", "__doc__"
# Modules whose objects lead to what the tests consist of.
UNSAFE = {
    *("_pytest", "bdb", "code", "codeop", "ctypes", "enum", "gc", "importlib"),
    *("inspect", "pdb", "pytest", "sys", "traceback", "types", "unittest"),
}
KEPT_BACK = "assert", "configure", "reset", "attach", "mock", "_"
# What happens on the tests' side where the program uses an object in these ways.
SPECIAL: dict[str, Callable[..., Any]] = {
    "__bool__": bool,
    "__contains__": operator.contains,
    "__enter__": lambda value: type(value).__enter__(value),
    "__exit__": lambda value, *error: type(value).__exit__(value, *error),
    "__float__": float,
    "__getitem__": operator.getitem,
    "__int__": int,
    "__iter__": list,
    "__len__": len,
    "__str__": str,
    "__next__": next,
    "__setitem__": operator.setitem,
    "__delitem__": operator.delitem,
}


def is_mock(value: Any) -> bool:
    mock = sys.modules.get("unittest.mock")
    return mock is not None and isinstance(value, mock.NonCallableMock)


def may_be_lent(value: Any) -> bool:
    return isinstance(value, (*CALLABLE, TracebackType)) or is_mock(value)


def is_of_library(value: Any) -> bool:
    """Whether a value of the library can stay here, and the program use it from there:
    files, random generators, locks, iterators.
    """
    kind = type(value)
    if kind.__module__ == "builtins":
        return hasattr(kind, "__next__") or kind.__name__.startswith("dict_")
    package = kind.__module__.partition(".")[0]
    return package in sys.stdlib_module_names and package not in UNSAFE


def read_attribute(value: Any, name: str) -> Any:
    """An attribute that the program may read."""
    is_public = is_of_library(value) and not name.startswith("_")
    is_recorded = is_mock(value) and not name.startswith(KEPT_BACK)
    if name in NAMED or is_recorded or (is_public and not name.startswith("gi_")):
        return getattr(value, name)
    raise AttributeError(name)


def write_attribute(value: Any, name: str, given: Any) -> None:
    """Set an attribute that the program may set."""
    is_method = callable(getattr(type(value), name, None))
    if not is_of_library(value) or name.startswith("_") or is_method:
        raise AttributeError(name)
    setattr(value, name, given)


def lack(_: Any, name: str) -> None:
    """End the tests: the program needs what a class of theirs has and cannot cross."""
    raise Undecided(f"the program needs {name}, which stays with its tests")


# What the program may ask for.
USES: dict[str, Callable[..., Any]] = {
    "call": lambda value, arguments, named: value(*arguments, **named),
    "get": read_attribute,
    "set": write_attribute,
    "lack": lack,
    "special": lambda value, name, arguments: SPECIAL[name](value, *arguments),
}


class Borrowed:
    """An object of the tests, as the program has it."""

    key: int
    ask: Callable[..., Any]
    __isabstractmethod__ = False

    def __init__(self, key: int) -> None:
        vars(self)["key"] = key

    def __getattr__(self, name: str) -> Any:
        return Borrowed.ask("get", self, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return Borrowed.ask("call", self, arguments, named)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __iter__(self) -> Any:
        return iter(Borrowed.ask("special", self, "__iter__", ()))


def ask_for(name: str) -> Callable[..., Any]:
    """The special method `name` of what is borrowed."""
    return lambda self, *arguments: Borrowed.ask("special", self, name, arguments)


LENT_SPECIALS = {special: ask_for(special) for special in SPECIAL}
for special in SPECIAL.keys() - {"__iter__", "__next__", "__setitem__", "__delitem__"}:
    setattr(Borrowed, special, LENT_SPECIALS[special])
