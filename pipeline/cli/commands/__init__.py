"""The command line: each command, its arguments and what they mean.

Typer reads it off the signatures: a docstring is the help of its command, and the list
of commands shows the first sentence. A command does nothing but import the one module
that does its work: a stage that starts need not know how to publish.
"""
