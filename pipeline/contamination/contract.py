"""What a contamination method is: a file of `methods/` with two names.

    class Params(Method): ...              its settings, as a recipe gives them
    def find_hits(texts, items, params)    the HITS: which texts hold which items

`texts` has the columns text and answer, `items` are rows of BENCHMARK. A method may
give several hits of one text; the worst one counts. One that knows which items it
cannot find gives `Found`, with the hits and a table of these items. Texts may be too
many for memory; then `find_hits` is given a part at a time. A method that weighs by all
texts has `find_hits_in_parts(texts, answers, items, params)` for that, which goes
through the `Texts` itself. A recipe names the file, with settings or without:

    methods: [coverage, {method: ngram, n: 8}]
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import BeforeValidator

from pipeline.settings import Settings


class Method(Settings):
    """The base of a method's Params."""

    @property
    def name(self) -> str:
        """The name of the method, which is that of its file."""
        return type(self).__module__.rpartition(".")[2]


def method_names() -> list[str]:
    """The methods there are: the files of `methods/`."""
    return sorted(f.stem for f in (Path(__file__).parent / "methods").glob("[a-z]*.py"))


def load_method(name: str) -> ModuleType:
    """The method called `name`."""
    return import_module(f"pipeline.contamination.methods.{name}")


def read_method(value: Any) -> Method:
    """Params from a method's name, or from a mapping with its name as `method`.

    Raises ValueError where no method is called so, or where its settings are wrong.
    """
    if isinstance(value, Method):
        return value
    settings = dict(value) if isinstance(value, Mapping) else {"method": value}
    name = settings.pop("method", None)
    if name not in method_names():
        raise ValueError(
            f"no method is called {name!r}: try {', '.join(method_names())}"
        )
    kind: type[Method] = load_method(name).Params
    if unknown := sorted(settings.keys() - kind.model_fields.keys()):
        fields = ", ".join(kind.model_fields) or "nothing"
        raise ValueError(f"{name} has no setting {unknown[0]!r}, but {fields}")
    return kind.model_validate(settings)


Methods = tuple[Annotated[Method, BeforeValidator(read_method)], ...]
# What a recipe need not name. It becomes Params where texts are scanned: kernels take
# long to load, and nobody has written settings that might be wrong.
DEFAULT: Any = ("coverage",)
