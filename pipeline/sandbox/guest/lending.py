"""Objects of the tests that the program uses: mocks, and functions handed over.

Runs in the sandbox and imports nothing of ours. They stay in the tests' process, as the
program's objects stay in its own; the program has stand-ins that ask there. It may call
them and read them, and not change what a mock has recorded or what the tests hold.
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
    WrapperDescriptorType,
)
from typing import Any

CALLABLE = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    MethodDescriptorType,
    WrapperDescriptorType,
    functools.partial,
)
READABLE = "__name__", "__doc__"
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
}


def is_mock(value: Any) -> bool:
    mock = sys.modules.get("unittest.mock")
    return mock is not None and isinstance(value, mock.NonCallableMock)


def may_be_lent(value: Any) -> bool:
    return isinstance(value, CALLABLE) or is_mock(value)


def read_attribute(value: Any, name: str) -> Any:
    """An attribute that the program may read."""
    if name in READABLE or (is_mock(value) and not name.startswith(KEPT_BACK)):
        return getattr(value, name)
    raise AttributeError(name)


# What the program may ask for.
USES: dict[str, Callable[..., Any]] = {
    "call": lambda value, arguments, named: value(*arguments, **named),
    "get": read_attribute,
    "special": lambda value, name, arguments: SPECIAL[name](value, *arguments),
}


class Borrowed:
    """An object of the tests, as the program has it."""

    key: int
    ask: Callable[..., Any]

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


for special in SPECIAL.keys() - {"__iter__"}:
    setattr(Borrowed, special, ask_for(special))
