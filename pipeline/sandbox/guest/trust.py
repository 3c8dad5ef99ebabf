"""What the tests believe of what the program says about its own objects.

Runs in the sandbox and imports nothing of ours but its neighbours. The program is not
believed about what the tests know. Its object may say that it equals 5, and a `__eq__`
that returns True would pass every test: such a comparison is no verdict. The same holds
of an order, of `in`, and of what an operator makes out of such an object and a value of
the tests'. See docs/sandbox.md.
"""

from typing import Any

from pipeline.sandbox.guest.testing import Undecided
from pipeline.sandbox.guest.wire import TYPES

ORDERS = {"__lt__", "__le__", "__gt__", "__ge__", "__contains__"}
ARITHMETIC = {
    f"__{kind}{name}__"
    for kind in ("", "r", "i")
    for name in (
        *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod"),
        *("pow", "lshift", "rshift", "and", "xor", "or"),
    )
}
# What is asked about an object alone, and tells what it was made of.
MEASURES = {
    *("__abs__", "__neg__", "__pos__", "__invert__", "__float__", "__int__"),
    *("__index__", "__complex__", "__round__", "__trunc__", "__floor__", "__ceil__"),
    *("__bool__", "__len__"),
}

links: list[Any] = []
doubts: list[str] = []


class NotSendable(BaseException):
    """The tests need what cannot be had across the wall."""


class StandType(type):
    """The class of what stands for a class of the program.

    `__known__`: the tests name the class, and know what its objects are.
    """

    __key__: int
    __known__ = False


class Stand(metaclass=StandType):
    """What stands for an object of the program."""

    __mutable__ = ""


def ask(action: str, *arguments: Any) -> Any:
    """What the program answers."""
    return links[0].request(action, *arguments)


def layout_of(kind: Any) -> Any:
    """The class of the plain value that objects of `kind` hold; or `object`."""
    return next(base for base in kind.__mro__ if not issubclass(base, Stand))


def note(value: Stand, name: str) -> None:
    """Note something about a stand-in."""
    object.__setattr__(value, name, True)


def has_note(value: Any, name: str) -> bool:
    try:
        return bool(object.__getattribute__(value, name))
    except AttributeError:
        return False


def is_remote(value: Any) -> bool:
    return issubclass(type(value), (Stand, StandType))


def forward(name: str) -> Any:
    """A special method that the program's process carries out."""

    def method(self: Any, *given: Any, **named: Any) -> Any:
        if name == "__call__":
            value = ask("call", self, given, tuple(named.items()))
        else:
            value = ask("special", name, self, *given)
        return weigh(name, self, given, value)

    method.__name__ = name
    return method


def weigh(name: str, owner: Any, given: tuple[Any, ...], value: Any) -> Any:
    """What the program says, where it may be believed; Undecided where it may not.

    It may not where the tests gave it a value of theirs and it says how that compares.
    """
    if value is NotImplemented:
        return value
    is_handed = any(not is_remote(each) for each in given)
    is_member = name == "__contains__" and type(owner).__known__
    if name in ORDERS and is_handed and value is not False and not is_member:
        doubt("compare")
    is_measure = name in MEASURES and has_note(owner, "__handed__")
    if is_measure or (name in ARITHMETIC and is_handed):
        if not is_remote(value):
            doubt("compute with")
        note(value, "__handed__")
    is_doubtful = name == "__call__" and has_note(owner, "__doubtful__")
    if is_doubtful and is_handed and value:
        doubt("hand their values to")
    return value


def doubt(verb: str) -> None:
    """End the tests: what follows is the program's word."""
    doubts.append(f"its tests {verb} an object of the program")
    raise Undecided(doubts[0])


def equal(left: Any, right: Any) -> Any:
    """Whether an object of the program equals another, or a value of the tests'.

    Two of the program's are compared by it, and are not equal where their attributes
    differ; of a value of the tests', only that they are not equal is believed.
    """
    if left is right:
        return True
    if is_remote(right):
        return equal_there(left, right)
    if (layout := layout_of(type(left))) is not object:
        return layout.__eq__(left, right)
    if kind := type(left).__mutable__:
        wanted: Any = TYPES[kind]
        return isinstance(right, wanted) and wanted(ask("parts", left)) == right
    if type(right).__eq__ not in KNOWN_EQUALITIES:
        return NotImplemented
    try:
        same = ask("special", "__eq__", left, right)
    except NotSendable:
        return NotImplemented
    if same is not False and same is not NotImplemented:
        doubt("compare")
    return same


def equal_there(left: Any, right: Any) -> Any:
    """Whether two objects of the program are equal, by it and by their attributes."""
    same = ask("special", "__eq__", left, right)
    if same is False or same is NotImplemented:
        return same
    if type(left) is not type(right) or ask("state", left) != ask("state", right):
        doubt("compare")
    return bool(same)


# Of values that can be handed over, and not of `pytest.approx` and the like.
KNOWN_EQUALITIES: set[Any] = {kind.__eq__ for kind in TYPES.values()}
