"""Runs tests as their authors meant them, whatever their form.

Runs in the sandbox and imports nothing of ours but its neighbours. First the text is
run as a script is, main guard and all; then HumanEval's `check(candidate)`; then what
pytest collects (functions, classes, unittest's cases), by pytest. The tests decide
only what they check: where nothing was checked, or where they cannot run whatever the
program does, there is no verdict.
"""

import ast
import importlib.util
import os
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pipeline.sandbox.guest.checks import Checks, compile_marked

# What pytest loads beside what it runs tests with; none of it would be seen here.
UNUSED = (
    "cacheprovider", "terminal", "junitxml", "pastebin", "doctest",
    "faulthandler", "warnings", "setupplan", "setuponly", "stepwise",
    "unraisableexception", "threadexception",
)  # fmt: skip
OPTIONS = [
    *(f"-pno:{name}" for name in UNUSED),
    *("--noconftest", "-c/dev/null", "--rootdir=/tmp", "--assert=plain"),
    *("--capture=sys", "--maxfail=1"),
]

# What tests raise that cannot run here, or do not want to.
OWN_FAULTS = (
    *("ImportError", "ModuleNotFoundError", "FixtureLookupError"),
    *("Skipped", "SkipTest"),
)


class Undecided(BaseException):
    """The tests say nothing about the program, and why."""


def parse(tests: str) -> ast.Module:
    """The tests; Undecided where they are no Python."""
    try:
        return ast.parse(tests, "tests.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Undecided(f"its tests cannot be parsed: {error}") from None


def list_imports(tree: ast.Module) -> list[tuple[str, list[str]]]:
    """The modules that tests import, and the names that they want of each."""
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [each.name for each in node.names if each.name != "*"]
            imports.append((node.module or "solution", names))
        elif isinstance(node, ast.Import):
            imports += [(each.name, []) for each in node.names]
    return imports


def is_installed(name: str) -> bool:
    return importlib.util.find_spec(name.partition(".")[0]) is not None


def run_tests(tree: ast.Module, module: ModuleType, entry_point: str | None) -> None:
    """Run tests in the scope of `module`; raises what the first failure raised.

    Undecided where they need a module that is not there, or check nothing.
    """
    scope, checks = module.__dict__, Checks()
    scope |= {"__name__": "__main__", "__file__": "tests.py", "__checks__": checks}
    sys.modules["__main__"] = module
    try:
        run_script(compile_marked(tree), scope)
        if "check" in scope and entry_point:
            scope["check"](scope[entry_point])
        if is_collected(scope):
            run_collected(module, scope.get(entry_point or ""))
    except BaseException as error:
        is_ours = type(error).__name__ in OWN_FAULTS and not comes_from_program(error)
        if is_ours:
            raise Undecided(f"its tests cannot be run: {error}") from None
        raise
    if not checks.count:
        raise Undecided("its tests check nothing")


def run_script(code: CodeType, scope: dict[str, Any]) -> None:
    """Run the tests as a script; what they collect themselves is run later, by us."""
    for name in {"unittest", "pytest"}.intersection(code.co_names):
        vars(importlib.import_module(name))["main"] = lambda *_, **__: 0
    try:
        exec(code, scope)
    except SystemExit as error:
        if error.code or comes_from_program(error):
            raise


def comes_from_program(error: BaseException) -> bool:
    """Whether the program raised it: here, or where it was asked from here.

    What cannot be imported from it is its fault, too; no file is behind its module.
    """
    module = sys.modules.get(getattr(error, "name", None) or "")
    if isinstance(error, ImportError) and module and module.__spec__ is None:
        return True
    trace = error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if code.co_filename == "solution.py":
            return True
        if code.co_name == "request" and code.co_filename != "tests.py":
            return True
        trace = trace.tb_next
    return False


def is_collected(scope: dict[str, Any]) -> bool:
    """Whether the tests define what pytest would collect."""
    return any(map(is_test, list(scope), list(scope.values())))


def is_test(name: str, value: Any) -> bool:
    if isinstance(value, FunctionType):
        return name.startswith("test") and is_in_tests(value)
    if isinstance(value, type) and value.__module__ == "__main__":
        cases = sys.modules.get("unittest")
        is_case = cases is not None and issubclass(value, cases.TestCase)
        return is_case or name.startswith("Test")
    return False


def is_in_tests(function: FunctionType) -> bool:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function.__code__.co_filename == "tests.py"


def run_collected(module: ModuleType, candidate: Any) -> None:
    """Run by pytest what it collects of `module`; raises what the first failure did."""
    import pytest
    from _pytest.config import main  # the tests may have called the other one

    class Tests:
        """Has pytest collect our module where it would read a file."""

        failure: BaseException | None = None
        raised: BaseException | None = None

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
            # Kept, because an error of the program may be hard to report.
            self.raised = call.excinfo.value if call.excinfo else None

        def pytest_pycollect_makemodule(self, module_path: Any, parent: Any) -> Any:
            class Loaded(pytest.Module):
                def _getobj(self) -> ModuleType:
                    return module

            return Loaded.from_parent(parent, path=module_path)

        def pytest_exception_interact(self, node: Any, call: Any) -> None:
            if isinstance(node, pytest.Item):
                self.failure = self.failure or call.excinfo.value

        @pytest.fixture(name="candidate")
        def subject(self) -> Any:
            return candidate

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with open("/tmp/test_it.py", "w") as file:
        file.write("")
    ours = Tests()
    status = main([*OPTIONS, file.name], plugins=[ours])
    if ours.failure is not None:
        raise ours.failure
    if status == pytest.ExitCode.INTERNAL_ERROR and ours.raised is not None:
        raise ours.raised
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise Undecided("its tests cannot be collected")
