"""All commands in one application, which lists them in the order of these files."""

from pipeline.cli.commands import projects, sets
from pipeline.cli.commands.shared import app

__all__ = ["app", "projects", "sets"]
