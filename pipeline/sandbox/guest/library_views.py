"""Signatures and fields of what stays with the program, as the library reads them.

Runs in the sandbox and imports nothing of ours. `inspect` and `dataclasses` look into
functions and classes that are in another process; they get what these would say.
"""

from typing import Any


def read_signature(parameters: tuple[Any, ...]) -> Any:
    """A function's signature, out of its parameters."""
    import inspect

    kinds: list[Any] = list(type(inspect.Parameter.POSITIONAL_ONLY))  # type: ignore[call-overload]
    return inspect.Signature(
        [
            inspect.Parameter(
                name, kinds[kind], default=default if has else inspect.Parameter.empty
            )
            for name, kind, has, default in parameters
        ]
    )


def read_fields(described: tuple[Any, ...]) -> dict[str, Any]:
    """The fields of a dataclass, as the library's functions read them."""
    import dataclasses

    fields: dict[str, Any] = {}
    for name, is_init, is_compared in described:
        fields[name] = dataclasses.field(init=is_init, compare=is_compared)
        fields[name].name, fields[name]._field_type = name, dataclasses._FIELD  # type: ignore[attr-defined]
    return fields
