"""Holds a program that is tested, and does what its tests in another sandbox ask for.

Runs in the sandbox and imports nothing of ours but its neighbours. Requests come by
standard input, a line each, and replies go out by the channel. What is no plain value
stays here and is known to the tests by a number. Nothing here knows what the tests
expect or whether one has passed.
"""

import contextlib
import copy
import operator
import os
import types
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from pipeline.sandbox.guest.counterparts import (
    build_kinds,
    decode_counterpart,
    encode_counterpart,
)
from pipeline.sandbox.guest.harness import find_function, load, silence
from pipeline.sandbox.guest.lending import Borrowed
from pipeline.sandbox.guest.link import (
    Gone,
    Link,
    decode_error,
    encode_error,
    find_error,
    name_error,
)
from pipeline.sandbox.guest.notices import collect_warnings, forward_logs
from pipeline.sandbox.guest.terminal import attach
from pipeline.sandbox.guest.twins import Twins, read_attributes, write_attributes
from pipeline.sandbox.guest.wire import LETTERS, PLAIN

requests = os.fdopen(os.dup(0), "rb")
silence()
solution = types.ModuleType("solution")
scope = vars(solution)
# What is patched: where, under which name, and what was there.
originals: list[tuple[Any, str, Any]] = []
kept: list[Any] = []
numbers: dict[int, int] = {}
names: dict[str, Any] = {}
links: list[Link] = []
mentioned: set[int] = set()
unsent: list[type] = []
loops: list[Any] = []


def main(job: dict[str, Any]) -> None:
    """Answer requests until the tests hang up."""
    load(job["prelude"], job["program"], scope)
    twins = Twins(1, keep, recall, write_attributes)
    link = Link(
        *(requests, twins, serve),
        notice=patch,
        describe=describe_classes,
        build=lambda described: build_kinds(described, scope, twins.decode),
    )
    Borrowed.ask = link.request
    take_printed = attach(lambda *what: link.request("terminal", *what))
    take_warnings = collect_warnings()
    link.add = lambda: (*take_printed(), take_warnings(), list_rebound())
    if job["logs"]:
        forward_logs(link.request)
    links.append(link)
    with contextlib.suppress(Gone):
        link.serve_all()


def serve(action: str, *arguments: Any) -> Any:
    """Do what the tests ask for."""
    return ACTIONS[action](*arguments)


def keep(value: Any) -> Any:
    """A value that is not plain, for the tests: where it stays, and of what class."""
    if issubclass(type(value), Borrowed):
        return {"g": vars(value)["key"]}
    if isinstance(value, BaseException):
        if (origin := getattr(value, "__origin__", None)) is not None:
            return {"g": origin}
        if name_error(type(value)):
            return {"x": encode_error(value, links[0].twins.encode)}
    if encoded := encode_counterpart(value, links[0].twins):
        return encoded
    if isinstance(value, type):
        if name := name_error(value):
            return {"e": name}
        return {"class": mention(value)}
    encoded = [number_of(value), mention(type(value))]
    for kind in type(value).__mro__:
        if kind in PLAIN:
            encoded.append(links[0].twins.encode(PLAIN[kind](value)))
            break
        if kind is BaseException:
            encoded.append(encode_error(value, links[0].twins.encode)[1])
    return {"o": encoded}


def number_of(value: Any) -> int:
    """Keep a value; the number by which it is known."""
    if id(value) not in numbers:
        numbers[id(value)] = len(kept)
        kept.append(value)
    return numbers[id(value)]


def mention(kind: type) -> int:
    """The number of a class, which the tests are to hear about, after its bases."""
    number = number_of(kind)
    if number not in mentioned:
        mentioned.add(number)
        for base in kind.__bases__:
            links[0].twins.encode(base)
        unsent.append(kind)
    return number


def describe_classes() -> list[Any]:
    """The classes that the tests have not heard of."""
    described = []
    while unsent:
        kind = unsent.pop(0)
        described.append([number_of(kind), links[0].twins.encode(describe_class(kind))])
    return described


def recall(letter: str, inner: Any) -> Any:
    """What the tests mean: an object here, an error, or a function of theirs."""
    if letter == "o":
        return kept[inner]
    if letter == "e":
        return find_error(inner)
    twins = links[0].twins
    if letter == "f":
        return Borrowed(inner)
    if letter != "x":
        return decode_counterpart(letter, inner, twins)
    (name, arguments, *state), number = inner
    kind = twins.decode(name)
    given = twins.decode(arguments)
    if state:
        error = kind.__new__(kind, *given)
        vars(error).update(twins.decode(state[0]))
    else:
        error = decode_error(kind, given)
    error.__origin__ = number
    return error


def patch(patches: tuple[Any, ...] = ()) -> None:
    """Let what the tests have patched on their side be so on this one."""
    while originals:
        setattr(*originals.pop())
    for path, name, value in patches:
        owner = solution if path == "solution" else resolve_name(path)
        originals.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, value)


def find_names(wanted: tuple[str, ...]) -> Any:
    """The names that the program has of those that tests want, with their values."""
    found = []
    for name in wanted:
        with contextlib.suppress(KeyError):
            names[name] = find_function(scope, name)
            found.append((name, names[name]))
    return tuple(found)


def find_own(wanted: tuple[str, ...]) -> Any:
    """Those of the wanted names under which the program has made something itself."""
    made = [
        name
        for name in wanted
        if getattr(scope.get(name), "__module__", "") == scope["__name__"]
    ]
    return find_names(tuple(made))


def list_rebound() -> tuple[Any, ...]:
    """The names that mean something else since the tests last heard of them."""
    rebound: tuple[Any, ...] = ()
    for name, value in names.items():
        if issubclass(type(scope.get(name, value)), Borrowed) or "Solution" in scope:
            continue
        if scope.get(name, value) is not value:
            names[name] = scope[name]
            rebound = (*rebound, (name, scope[name]))
    return rebound


def describe_class(kind: type) -> tuple[Any, ...]:
    """What the tests need for a class of their own that stands for this one."""
    bases = tuple(base for base in kind.__bases__ if base is not object)
    specials: set[str] = set()
    for base in kind.__mro__:
        if base is object or base in PLAIN or issubclass(BaseException, base):
            break
        if not name_error(base):
            specials |= {
                name
                for name, value in vars(base).items()
                if name.startswith("__") and callable(value)
            }
    has_hash = getattr(kind, "__hash__", None) is not None
    names = sorted(specials if has_hash else specials - {"__hash__"})
    mutable = next((base for base in kind.__mro__ if base in LETTERS), object)
    own = (kind.__name__, kind.__module__, mutable.__name__, has_hash)
    return (*own, bases, tuple(names))


def describe_signature(function: Any) -> tuple[Any, ...]:
    """Names, kinds and defaults of a function's parameters."""
    import inspect

    parameters = inspect.signature(function).parameters.values()
    return tuple(
        (each.name, int(each.kind), each.default is not each.empty, each.default)
        if each.default is not each.empty
        else (each.name, int(each.kind), False, None)
        for each in parameters
    )


def describe_fields(kind: Any) -> tuple[Any, ...]:
    """The fields of a dataclass; AttributeError where it is none."""
    fields = kind.__dataclass_fields__.values()
    return tuple((each.name, each.init, each.compare) for each in fields)


def finish(awaitable: Any) -> Any:
    """What is awaited, in the one loop of this process."""
    import asyncio

    async def wait() -> Any:
        return await awaitable

    if not loops:
        loops.append(asyncio.new_event_loop())
    return loops[0].run_until_complete(wait())


def derive_here(name: str, bases: Any, members: Any, named: Any) -> type:
    """A class that the tests derive from one of the program's."""
    space: dict[str, Any] = {"__module__": "solution"}
    for each, how, value in members:
        space[each] = WRAPPERS[how](value)
    return types.new_class(name, bases, dict(named), lambda own: own.update(space))


def parts_of_derived(value: Any) -> tuple[Any, ...]:
    """What a list, set or dict of a class of its own consists of."""
    return tuple(value.items()) if isinstance(value, dict) else tuple(value)


# How a member of such a class is made.
WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "value": lambda value: value,
    "static": staticmethod,
    "class": classmethod,
    "property": lambda parts: property(*parts),
}
# What the tests may do here.
ACTIONS: dict[str, Callable[..., Any]] = {
    "names": find_names,
    "waiting": lambda: links[0].waiting > 0,
    "seed": lambda path, *given: resolve_name(path).seed(*given),
    "own": find_own,
    "signature": describe_signature,
    "call": lambda function, given, named: function(*given, **dict(named)),
    "get": getattr,
    "set": setattr,
    "delete": delattr,
    "item": operator.getitem,
    "special": lambda name, value, *given: getattr(type(value), name)(value, *given),
    "await": finish,
    "state": lambda value: tuple(read_attributes(value)),
    "derive": derive_here,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "fields": describe_fields,
    "parent": lambda kind, value, name: getattr(super(kind, value), name),
    "parts": parts_of_derived,
    "attributes": lambda value: tuple(dir(value)),
}
