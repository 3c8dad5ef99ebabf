"""What `code` may find in `verify_info`."""

import ast
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.verifiers.details.contract import Details, Flag, NotNegative, Number

MOST_PACKAGES, MOST_REFUSED = 64, 16
LONGEST_NAME = 500  # characters of what is called


def _check_expression(name: str) -> str:
    try:
        ast.parse(name[:LONGEST_NAME].strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError("what can be called in Python") from None
    return name


def _check_program(program: str) -> str:
    try:
        if "#include" not in program:
            ast.parse(program)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError("a program in Python or C++") from None
    return program


def _check_package(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("the name by which a package is imported")
    return name


def _check_tests(tests: Any) -> Any:
    if not isinstance(tests, list | dict | str):
        raise ValueError("tests in a list, by columns or packed")
    return tests


Seconds = Annotated[NotNegative, Field(le=86_400)]
Package = Annotated[str, AfterValidator(_check_package)]
Callable = Annotated[str, AfterValidator(_check_expression)]


class Info(Details):
    """The options of `code`."""

    type: Literal["stdio", "call", "assert"] = Field(description="what a test is")
    tests: Annotated[Any, AfterValidator(_check_tests)] = Field(
        default=[], description="of `stdio` and `call`: each with `input` and `output`"
    )
    fn_name: Callable = Field(default="", description="of `call`: what is called")
    test_code: str = Field(default="", description="of `assert`: the asserts")
    setup: str = Field(default="", description="what stands before the program")
    entry_point: Callable = Field(
        default="", description="of `assert`: what `check` is called with"
    )
    refused: Annotated[list[str], Field(max_length=MOST_REFUSED)] = Field(
        default=[], description="programs known to be wrong: `quality` measures tests"
    )
    reference: str = Field(default="", description="a program that says what is right")
    language: Literal["python", "cpp"] = Field(
        default="python", description="of the program, otherwise as its fence says"
    )
    timeout_s: Seconds = Field(default=0.0, description="for one test; 0: 6")
    total_timeout_s: Seconds = Field(default=0.0, description="for all; 0: no limit")
    memory_mb: Annotated[Number, Field(ge=4, le=1 << 20)] = Field(
        default=1024.0, description="of one process"
    )
    packages: Annotated[list[Package], Field(max_length=MOST_PACKAGES)] = Field(
        default=[], description="installed ones that program and tests may import"
    )
    whitespace: Literal["lines", "tokens", "exact"] = Field(
        default="lines", description="how much of it counts in output"
    )
    tolerance: NotNegative = Field(
        default=1e-6, description="of decimals that are printed or returned"
    )
    ignore_case: Flag = Field(default=False, description="of what is printed")
    any_order: Flag = Field(default=False, description="of lines that are printed")
    checker: Annotated[str, AfterValidator(_check_program)] = Field(
        default="", description="of `stdio`: a program that judges what is printed"
    )
    all_tests: Flag = Field(
        default=False, description="go on after a test that fails, and count"
    )

    @model_validator(mode="after")
    def _checks_what_is_printed(self) -> "Info":
        if self.checker and self.type != "stdio":
            raise ValueError("`checker` judges what is printed: of `stdio` alone")
        return self
