"""Runs tests, with the program that they test in another sandbox.

Runs in the sandbox and imports nothing of ours but its neighbours. Requests go out by
the channel, and the program's replies come by standard input; the verdict is written
to standard output, which the tests themselves do not have.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from pipeline.sandbox.guest.derived import find_super
from pipeline.sandbox.guest.harness import describe, silence
from pipeline.sandbox.guest.lending import USES, is_of_library, may_be_lent
from pipeline.sandbox.guest.link import (
    Gone,
    Link,
    decode_error,
    find_error,
    name_error,
)
from pipeline.sandbox.guest.notices import (
    heed,
    hush_warnings,
    log_again,
    warn_again,
)
from pipeline.sandbox.guest.own_classes import (
    decode_own,
    describe_own,
    encode_own,
    encode_raised,
    mark_common,
    number_of_kind,
    take_attributes,
)
from pipeline.sandbox.guest.patches import list_patches, share_seeds, watch
from pipeline.sandbox.guest.remote import (
    RemoteType,
    build_classes,
    build_object,
    key_of,
    objects,
)
from pipeline.sandbox.guest.terminal import TERMINAL
from pipeline.sandbox.guest.testing import (
    Undecided,
    is_installed,
    list_imports,
    parse,
    run_tests,
)
from pipeline.sandbox.guest.trust import NotSendable, doubts, is_remote, links
from pipeline.sandbox.guest.twins import Twins

verdict_file = os.dup(1)
replies = os.fdopen(os.dup(0), "rb")
silence()
# What the program may ask for beside the uses of what it was lent.
SERVED: dict[str, Callable[..., Any]] = {
    "terminal": lambda what, *given: str(TERMINAL[what](*given)),
    "heed": heed,
    "log": log_again,
    **USES,
}
lent: list[Any] = []
names: dict[str, Any] = {}
stopped: list[BaseException] = []


class Program(ModuleType):
    """The program, for tests that import it."""

    __all__ = ()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for _, value in request("names", (name,)):
                return value
        raise AttributeError(name)


class Tests(Program):
    """The tests, where what they patch of `__main__` is the program's.

    Nothing else is: what runs tests looks for hooks there, such as `setup_module`.
    """

    patched: set[str]

    def __getattr__(self, name: str) -> Any:
        if name in Tests.patched:
            return super().__getattr__(name)
        raise AttributeError(name)


def request(action: str, *arguments: Any) -> Any:
    """What the program's process replies; raises what was raised there."""
    return links[0].request(action, *arguments)


def keep(value: Any) -> Any:
    """Encode what is not plain: the program's own, functions and errors."""
    if is_remote(value):
        return {"o": key_of(value)}
    if may_be_lent(value):
        return {"f": number_of(value)}
    twins = links[0].twins
    if isinstance(value, BaseException):
        return {"x": [encode_raised(value, twins), number_of(value)]}
    if isinstance(value, type) and (name := name_error(value)):
        return {"e": name}
    if encoded := encode_own(value, twins):
        return encoded
    if is_of_library(value):
        return {"lent": [number_of(value), number_of_kind(type(value))]}
    raise NotSendable(type(value).__name__)


def number_of(value: Any) -> int:
    """The number by which the program knows something of the tests'."""
    numbers = [number for number, each in enumerate(lent) if each is value]
    if not numbers:
        lent.append(value)
    return numbers[0] if numbers else len(lent) - 1


def recall(letter: str, inner: Any) -> Any:
    """What the program means: something there, or something of the tests'."""
    twins = links[0].twins
    if letter == "g":
        return lent[inner]
    if letter == "e":
        return find_error(inner)
    if letter == "x":
        name, arguments = inner
        if isinstance(name, dict):
            name = twins.decode(name)
        return decode_error(name, twins.decode(arguments))
    if letter in ("own", "nt", "en", "ng"):
        return decode_own(letter, inner, twins)
    if letter == "class":
        return objects[inner]
    key, kind, *content = inner
    value = twins.decode(content[0]) if content else None
    return build_object(key, kind, value, has_content=bool(content))


def serve(action: str, *arguments: Any) -> Any:
    """Do what the program asks for: call a function, read from the terminal, log.

    What ends the tests ends them when the program has been left.
    """
    try:
        return SERVED[action](*arguments)
    except (Undecided, NotSendable) as error:
        stopped.append(error)
        raise


def notice(scope: dict[str, Any]) -> Callable[..., None]:
    """What is to be done about what a message of the program has beside its value."""

    def notice_added(
        printed: str = "",
        complained: str = "",
        warned: tuple[Any, ...] = (),
        rebound: tuple[Any, ...] = (),
    ) -> None:
        if printed:
            sys.stdout.write(printed)
        if complained:
            sys.stderr.write(complained)
        for name, value in rebound:
            if name in names and scope.get(name) is names[name]:
                scope[name] = names[name] = value
        if stopped:
            raise stopped[0]
        warn_again(warned)

    return notice_added


def main(job: dict[str, Any]) -> None:
    """Run the tests of `job` and write the verdict."""
    verdict: dict[str, Any]
    try:
        run(job)
        verdict = {"undecided": doubts[0]} if doubts else {"fault": ""}
    except (Gone, BrokenPipeError):
        verdict = {"fault": "the program ended before its tests did"}
    except Undecided as error:
        verdict = {"undecided": str(error)}
    except NotSendable as error:
        verdict = {"unsendable": str(error)}
    except BaseException as error:
        description = describe(error).rstrip(": ")
        fault = f"{description}, in line {line_of(error)} of the tests"
        missed = links and links[0].find_missed()
        verdict = {"undecided": missed} if missed else {"fault": fault}
    os.write(verdict_file, json.dumps(verdict).encode())


def run(job: dict[str, Any]) -> None:
    """Run set-up and tests in one scope; handles stand for the program's names."""
    tree, module = parse(job["tests"]), Tests("__main__")
    targets = [target.partition(".") for target in job["patched"]]
    Tests.patched = {name for owner, _, name in targets if owner == "__main__"}
    scope = module.__dict__
    exec(compile(job["prelude"], "prelude.py", "exec"), scope)
    if job["entry_point"]:
        run_setup(job["setup"], scope)
    twins = Twins(0, keep, recall, take_attributes)
    link = Link(
        *(replies, twins, serve),
        add=list_patches,
        notice=notice(scope),
        describe=lambda: describe_own(keep),
        build=build_classes,
    )
    links.append(link)
    share_seeds()
    hush_warnings()
    imported = {name for _, names in list_imports(tree) for name in names}
    root = (job["entry_point"] or "").partition(".")[0].partition("(")[0]
    mark_common(scope, {*imported, *job["names"], root})
    scope["super"] = find_super
    wanted = tuple(job["names"])
    # Others would take the place of what the tests compare with.
    names.update(each for each in request("names", wanted) if each[0] in wanted)
    if job["brought"]:
        names.update(
            each
            for each in request("own", tuple(job["brought"]))
            if each[0] in job["brought"]
        )
    scope.update(names)
    mark_known(names.values())
    imports = [name for name, wanted in list_imports(tree) if is_program(name, wanted)]
    sys.modules.update((name, Program(name)) for name in ("solution", *imports))
    if not job["entry_point"]:
        exec(compile(job["setup"], "setup.py", "exec"), scope)
    sys.modules["__main__"] = module
    for target in job["patched"]:
        watch(target)
    before, values = link.requests, list(names.values())
    run_tests(tree, module, job["entry_point"])
    is_read = any(type(each) is RemoteType or not is_remote(each) for each in values)
    if link.requests == before and not is_read:
        raise Undecided("its tests check nothing of the program")


def run_setup(setup: str, scope: dict[str, Any]) -> None:
    """Run what stands before a program; a signature alone need not be whole.

    Undecided where it needs a package that is not there: no program could be run.
    """
    try:
        with suppress(SyntaxError):
            exec(compile(setup, "setup.py", "exec"), scope)
    except ImportError as error:
        raise Undecided(f"its tests cannot be run: {error}") from None


def mark_known(values: Any) -> None:
    """Classes that the tests name are what the tests take them for."""
    for value in values:
        if isinstance(value, RemoteType):
            type.__setattr__(value, "__known__", True)


def is_program(name: str, wanted: list[str]) -> bool:
    """Whether a module that the tests want is the program, by another name."""
    if not wanted or is_installed(name):
        return False
    return len(request("names", tuple(wanted))) == len(wanted)


def line_of(error: BaseException) -> int:
    """The last line of the tests that an error came through; 0 where none did."""
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
