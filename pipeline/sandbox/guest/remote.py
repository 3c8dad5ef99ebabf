"""What stands in the tests' process for objects and classes of the program.

Runs in the sandbox and imports nothing of ours but its neighbours. A class of the
program has a class here, with the same bases; what its objects can do is asked for
there. What is derived from int, str, tuple and the like has its plain value here.
"""

import sys
import types
from collections.abc import Generator
from typing import Any

from pipeline.sandbox.guest.derived import derive
from pipeline.sandbox.guest.library_views import read_fields, read_signature
from pipeline.sandbox.guest.trust import (
    Stand,
    StandType,
    ask,
    doubt,
    equal,
    forward,
    layout_of,
    links,
    note,
)
from pipeline.sandbox.guest.wire import LETTERS, TYPES

# What each class has here already, or what would change what it is here.
OWN = {
    *("__init__", "__new__", "__class__", "__dict__", "__doc__", "__module__"),
    *("__getattribute__", "__getattr__", "__setattr__", "__delattr__", "__slots__"),
    *("__init_subclass__", "__class_getitem__", "__subclasshook__", "__dir__"),
    *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__del__"),
    *("__weakref__", "__eq__", "__ne__", "__await__", "__set_name__", "__sizeof__"),
    *("__get__", "__set__", "__delete__", "__annotations__", "__prepare__"),
}
# Attributes with such names that tests may read.
READABLE = {
    *("__name__", "__qualname__", "__doc__", "__wrapped__", "__annotations__"),
    *("__match_args__", "__members__", "__self__", "__func__", "__defaults__"),
    *("__cause__", "__context__", "__notes__", "__slots__", "__mro__"),
    *("__code__", "__kwdefaults__"),
}
# What objects here can do, if those of the program can.
SPECIALS = {
    name
    for kind in (
        *(int, complex, list, dict, set, str, bytes, types.GeneratorType),
        *(types.AsyncGeneratorType, type(open), types.MethodType),
    )
    for name in vars(kind)
    if name.startswith("__")
} | {
    *("__enter__", "__exit__", "__aenter__", "__aexit__", "__matmul__", "__rmatmul__"),
    *("__imatmul__", "__call__", "__fspath__", "__bytes__", "__length_hint__"),
    *("__itruediv__", "__ifloordiv__", "__imod__", "__ipow__", "__ilshift__"),
    *("__irshift__", "__idivmod__", "__await__"),
}
OWN_ATTRIBUTES = type.__dict__["__dict__"].__get__
LIBRARY = {
    "function": types.FunctionType,
    "generator": types.GeneratorType,
    "coroutine": types.CoroutineType,
    "async_generator": types.AsyncGeneratorType,
    "method": types.MethodType,
    "builtin_function_or_method": types.BuiltinFunctionType,
    "module": types.ModuleType,
    "property": property,
}


class Remote(Stand):
    """An object of the program."""

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            return read_signature(ask("signature", self))
        if name == "__dataclass_fields__":
            return read_fields(ask("fields", type(self)))
        if is_hidden(name):
            raise AttributeError(name)
        value = ask("get", self, name)
        # What an object of unknown class says about arguments may be anything.
        if isinstance(value, Remote) and not type(self).__known__:
            note(value, "__doubtful__")
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):  # of an error: where it was raised, and why
            object.__setattr__(self, name, value)
        else:
            ask("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        ask("delete", self, name)

    def __dir__(self) -> list[str]:
        return list(ask("attributes", self))

    def __copy__(self) -> Any:
        return ask("copy", self)

    def __deepcopy__(self, _: Any) -> Any:
        return ask("deepcopy", self)

    def __reduce_ex__(self, _: Any) -> Any:
        doubt("pickle")

    def __repr__(self) -> str:
        layout = layout_of(type(self))
        if layout is not object:
            return str(layout.__repr__(self))
        # Without an address, which would be another each time.
        return f"<{type(self).__module__}.{type(self).__name__} object>"

    def __eq__(self, other: object) -> Any:
        return equal(self, other)

    def __ne__(self, other: object) -> Any:
        return (
            NotImplemented
            if (same := equal(self, other)) is NotImplemented
            else (not same)
        )

    def __hash__(self) -> int:
        return object.__hash__(self)


class RemoteType(StandType):
    """A class of the program."""

    def __new__(mcs, name: str, bases: Any, scope: Any, **named: Any) -> Any:
        if "__key__" not in scope:
            return derive(name, bases, scope, named)
        return super().__new__(mcs, name, bases, scope)

    def __init__(cls, name: str, bases: Any, scope: Any, **named: Any) -> None:
        super().__init__(name, bases, scope)

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        return ask("call", cls, arguments, tuple(named.items()))

    def __getattr__(cls, name: str) -> Any:
        if name == "__signature__":
            return read_signature(ask("signature", cls))
        if name == "__dataclass_fields__":
            return read_fields(ask("fields", cls))
        if is_hidden(name):
            raise AttributeError(name)
        return ask("get", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        ask("set", cls, name, value)

    def __delattr__(cls, name: str) -> None:
        ask("delete", cls, name)

    @property  # type: ignore[misc]
    def __dict__(cls) -> Any:  # type: ignore[override]
        # It tells whoever patches the class what was there.
        return dict(ask("state", cls))

    def __getitem__(cls, key: Any) -> Any:
        return ask("item", cls, key)

    def __iter__(cls) -> Any:
        return ask("special", "__iter__", cls)

    def __len__(cls) -> Any:
        return ask("special", "__len__", cls)

    def __bool__(cls) -> bool:
        return True

    def __contains__(cls, member: Any) -> Any:
        return ask("special", "__contains__", cls, member)


# Its own would be read before any attribute is asked for.
RemoteType.__doc__ = property(lambda cls: ask("get", cls, "__doc__"))  # type: ignore[assignment]
objects: dict[int, Any] = {}


def build_classes(described: list[Any]) -> None:
    """Classes for those that the program mentions for the first time."""
    for key, description in described:
        objects.setdefault(key, build_class(key, *links[0].twins.decode(description)))


def build_class(
    key: int,
    name: str,
    module: str,
    mutable: str,
    has_hash: bool,
    bases: tuple[Any, ...],
    specials: tuple[str, ...],
) -> Any:
    """A class whose objects have every special method forwarded."""
    scope: dict[str, Any] = {"__key__": key, "__module__": module, "__known__": False}
    scope |= {each: forward(each) for each in specials if is_special(each)}
    layout = next((base for base in bases if is_plain(base)), object)
    scope.setdefault("__hash__", layout.__hash__ if has_hash else None)
    if "__await__" in specials:
        scope |= {"__await__": wait, "send": end, "throw": end, "close": end}
    if not any(issubclass(base, BaseException) for base in bases):
        scope["__class__"] = property(lambda self: find_library_class(type(self)))
    scope["__origin__"] = (module, name)
    scope["__dict__"] = property(lambda self: dict(ask("state", self)))
    scope["__doc__"] = property(lambda self: ask("get", self, "__doc__"))
    scope["__mutable__"] = mutable if mutable != "object" else ""
    remote: list[Any] = [base for base in bases if isinstance(base, RemoteType)]
    plain = [base for base in bases if is_plain(base)]
    try:
        return RemoteType(name, (*(remote or [Remote]), *plain), scope)
    except TypeError:  # no order of the bases that Python takes
        return RemoteType(name, (Remote,), scope)


def is_special(name: str) -> bool:
    return name in SPECIALS and name not in OWN


def is_plain(base: Any) -> bool:
    """Whether objects hold a value of this class, which cannot change."""
    return not isinstance(base, RemoteType) and base not in LETTERS


def find_library_class(kind: Any) -> Any:
    """What `isinstance` is to take the objects of a class for, beside what it is.

    The nearest class that the tests' process has, too.
    """
    for base in kind.__mro__:
        own = OWN_ATTRIBUTES(base)
        module, name = own.get("__origin__", ("", ""))
        found = LIBRARY.get(name) if module == "builtins" else None
        library = sys.modules.get(module)
        if getattr(library, "__spec__", None) is not None:  # not the program's own
            found = found or getattr(library, name, None)
        found = TYPES.get(own.get("__mutable__", ""), found)
        if isinstance(found, type):
            return found
    return kind


def is_hidden(name: str) -> bool:
    """Whether an attribute is none of the program's."""
    return name.startswith("__") and name.endswith("__") and name not in READABLE


def build_object(
    key: int, kind: int, content: Any = None, *, has_content: bool = False
) -> Any:
    """What stands for an object of the program, always the same for the same one."""
    if key not in objects:
        cls = objects[kind]
        layout = layout_of(cls) if has_content else object
        if issubclass(layout, BaseException):
            found = layout.__new__(cls, *content)
        else:
            found = layout.__new__(cls, *([content] if has_content else []))
        object.__setattr__(found, "__key__", key)
        objects[key] = found
    return objects[key]


def key_of(value: Any) -> int:
    """The number by which the program knows what a stand-in stands for."""
    if isinstance(value, RemoteType):
        return value.__key__
    key: int = object.__getattribute__(value, "__key__")
    return key


def wait(self: Any) -> Generator[None, None, Any]:
    """Have the program's process wait for it."""
    return ask("await", self)
    yield


def end(self: Any, *_: Any) -> Any:
    """A coroutine's `send`, which runs to the end."""
    raise StopIteration(ask("await", self))
