"""How tests and program speak to each other, each in a process of its own.

Runs in the sandbox and imports nothing of ours but its neighbours. Either side may ask,
and while it waits it answers what it is asked: tests call the program, which calls the
function that they handed it, which calls the program again. A message is one line. Of
several threads one speaks at a time, until it has its answer.
"""

import json
import sys
from _thread import RLock, get_ident
from collections.abc import Callable
from typing import IO, Any

from pipeline.sandbox.guest.harness import send
from pipeline.sandbox.guest.surroundings import Surroundings
from pipeline.sandbox.guest.twins import Twins

KINDS = {"do", "value", "raised"}
read_json = json.JSONDecoder().decode
LONGEST_LINE = 1 << 26
# What ends neither side by itself: others would end what runs the tests.
CROSSING = Exception, SystemExit
Answer = Callable[..., Any]


class Gone(BaseException):
    """The other side has ended, or says what is no message."""


class Link:
    """The other side, which reads the channel and writes `lines`.

    `twins`: what is shared with it. `serve` does what it asks for. `add` gives what
    goes with messages of this side, if there is anything, and `notice` takes what came
    with the other's, or nothing;
    `describe` gives the classes that a message is the first to mention, and `build`
    takes them.
    """

    def __init__(
        self,
        lines: IO[bytes],
        twins: Twins,
        serve: Answer,
        *,
        add: Callable[[], Any] = tuple,
        notice: Callable[..., None] = lambda *_: None,
        describe: Callable[[], list[Any]] = list,
        build: Callable[[list[Any]], None] = lambda _: None,
    ) -> None:
        self.lines, self.twins, self.serve = lines, twins, serve
        self.add, self.notice, self.describe, self.build = add, notice, describe, build
        self.requests, self.surroundings = 0, Surroundings()
        self.turn, self.waiting = RLock(), 0
        self.speakers: set[int] = set()

    def request(self, action: str, *arguments: Any) -> Any:
        """What the other side answers; raises what was raised there."""
        self.speakers.add(get_ident())
        self.waiting += 1
        with self.turn:
            self.waiting -= 1
            kind, value = self.exchange(action, *arguments)
        if kind == "value":
            return value
        error, cause = value
        # `all(map(f, items))` would take StopIteration for the end of the items.
        is_end = isinstance(error, StopIteration) and not any(
            type(each) is str and each == "__next__" for each in arguments
        )
        if is_end or not isinstance(error, CROSSING):
            raise RuntimeError(str(error))
        if cause is not None:
            error.__cause__ = cause
        raise error

    def exchange(self, action: str, *arguments: Any) -> tuple[str, Any]:
        """Ask, and answer what is asked meanwhile, until the answer comes."""
        self.requests += 1
        self.write("do", (action, *arguments))
        while True:
            kind, value = self.read()
            if kind != "do":
                return kind, value
            reply = self.answer(*value)
            del value
            self.write(*reply)

    def find_missed(self) -> str:
        """Why a failure may be nobody's fault: one side had to wait with what it had to
        say. "" where none had.
        """
        if len(self.speakers) > 1:
            return "its tests speak to it from several threads"
        try:
            is_waiting = self.request("waiting")
        except BaseException:  # whatever it is, it cannot say so
            return ""
        return "it speaks to its tests when they do not listen" if is_waiting else ""

    def answer(self, action: str, *arguments: Any) -> tuple[str, Any]:
        """Do what is asked for: the reply."""
        try:
            return "value", self.serve(action, *arguments)
        except CROSSING as error:
            return "raised", (error, error.__cause__)
        except BaseException as error:
            return "raised", (RuntimeError(type(error).__name__), None)

    def serve_all(self) -> None:
        """Answer until the other side hangs up.

        Other threads may ask while this one does what it was asked for: then the other
        side waits, and hears them.
        """
        while True:
            with self.turn:
                _, asked = self.read()
            reply = self.answer(*asked)
            del asked
            with self.turn:
                self.write(*reply)
            del reply

    def write(self, kind: str, value: Any) -> None:
        """Send a value, with what has changed on this side."""
        message = {kind: self.twins.encode(value)}
        if any(added := self.add()):
            message["added"] = self.twins.encode(added)
        message["changes"] = self.twins.write_changes()
        new = message["new"] = self.twins.write_new()
        classes = message["classes"] = self.describe()
        while (
            more := self.twins.write_new()
        ):  # what classes mention, and what that does
            new += more
            classes += self.describe()
        message["dropped"] = self.twins.drop()
        message["around"] = self.surroundings.write()
        send({name: part for name, part in message.items() if part or name == kind})

    def read(self) -> tuple[str, Any]:
        """The next message: its kind and its value. Gone where it is none."""
        try:
            message = read_json(self.lines.readline(LONGEST_LINE).decode())
            self.build(message.get("classes", ()))
            self.twins.read_new(message.get("new", ()))
            (kind,) = KINDS & message.keys()
            value = self.twins.decode(message[kind])
            added = self.twins.decode(message["added"]) if "added" in message else ()
            self.twins.read_changes(message.get("changes", ()))
            for number in message.get("dropped", ()):
                self.twins.forget(number)
            self.surroundings.read(message.get("around", ()))
            self.notice(*added)
        except (ArithmeticError, AttributeError, LookupError) as error:
            raise Gone from error
        except (RecursionError, TypeError, ValueError) as error:
            raise Gone from error
        return kind, value


def encode_error(error: BaseException, part: Callable[[Any], Any]) -> Any:
    """An error as the nearest that both sides know, with what it was raised with."""
    name = next(filter(None, map(name_error, type(error).__mro__)), "Exception")
    try:
        arguments = part(error.args)
    except BaseException:
        arguments = part((str(error),))
    return [name, arguments]


def name_error(kind: type) -> str:
    """The name of one of Python's kinds of errors; "" for another.

    Those of unittest skip tests, and are for the tests alone to raise.
    """
    package = kind.__module__.partition(".")[0]
    if package not in sys.stdlib_module_names or package == "unittest":
        return ""
    is_known = getattr(sys.modules.get(kind.__module__), kind.__name__, None) is kind
    if not is_known or not issubclass(kind, BaseException):
        return ""
    return f"{kind.__module__}.{kind.__name__}"


def find_error(name: str) -> type[Exception]:
    """The kind of errors that has this name; RuntimeError where none has.

    Tests that expect an error of a module have imported that; nothing is imported here.
    """
    module, _, own = name.rpartition(".")
    kind = getattr(sys.modules.get(module), own, None)
    is_error = isinstance(kind, type) and issubclass(kind, CROSSING)
    return kind if is_error and name_error(kind) == name else RuntimeError  # type: ignore[arg-type, return-value]


def decode_error(named: Any, arguments: tuple[Any, ...]) -> Exception:
    """The error that was encoded so, by its class or the name of that."""
    kind = find_error(named) if isinstance(named, str) else named
    try:
        error: Exception = kind(*arguments)
    except TypeError:  # some want more than they keep
        error = kind.__new__(kind)
        error.args = arguments
    return error
