"""Read one source as rows of PROBLEM; what cannot be read says why.

A source is a Hub dataset at a pinned revision, local files, or a generator. Its
adapter (a file in stages/sources) knows the schema. A row that the file or the
adapter cannot read is dropped with the reason `source_unreadable` and the
detail as evidence, so that rows in = rows out + rows dropped. What the recipe wants
of the source (`where`, `limit`) cuts here, too.

Reasons: `source_unreadable`, those of `where`, `over_limit`.
"""

from pipeline.filter import JudgedParts
from pipeline.schema import PROBLEM
from stages.sources._load import read_parts
from stages.sources._source import Source

SCHEMA = PROBLEM


class Params(Source):
    """Where the rows come from, and what the source says of all of them."""


def make(params: Params, name: str) -> JudgedParts:
    """All rows of the source `name`: adapted, or dropped with the reason."""
    return read_parts(name, params)
