"""Calls a program's function for each test of a job, and sends what it returns.

Runs in the sandbox and imports nothing of ours but its neighbours. The job (`prelude`,
`program`, `calls`, `goes_on`) comes by standard input; each answer is a line.
"""

import json
import sys
from typing import Any

from pipeline.sandbox.guest.harness import describe, find_function, load, send, silence
from pipeline.sandbox.guest.wire import NotPlain, decode, encode

job = json.loads(sys.stdin.buffer.read())
silence()
scope = load(job["prelude"], job["program"])
for name, arguments in job["calls"]:
    answer: dict[str, Any]
    try:
        answer = {"value": encode(find_function(scope, name)(*map(decode, arguments)))}
    except NotPlain as error:
        answer = {"kind": str(error)}
    except BaseException as error:
        answer = {"raised": describe(error)}
    send(answer)
    if "value" not in answer and not job["goes_on"]:
        break
