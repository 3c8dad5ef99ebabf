"""Say of every program on standard input whether it is Python, by parsing it alone.

The programs stand there as a list in JSON; for each of them a line on the channel says
`1` or `0`. Nothing runs. A program that takes the parser down takes its own line and
those behind it, and the host asks again for the rest.
"""

import ast
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")  # of strings such as "\d"
channel = int(os.environ["GOLDSIEVE_FD"])
for program in json.load(sys.stdin):
    try:
        ast.parse(program)
        verdict = b"1\n"
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        verdict = b"0\n"
    os.write(channel, verdict)
