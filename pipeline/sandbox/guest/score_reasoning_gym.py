"""Scores a text by a scorer of reasoning-gym, and sends the score by the channel.

Runs in the sandbox and imports nothing of ours. The job (`name`, `entry`, `text`)
comes by standard input.
"""

import json
import os
import sys

import reasoning_gym

job = json.load(sys.stdin)
if job["name"] in ("arc_agi", "rearc"):  # JSON has no tuples, and boards are tuples
    metadata = job["entry"]["metadata"]
    metadata["output"] = tuple(map(tuple, metadata["output"]))
dataset = reasoning_gym.create_dataset(job["name"], size=1, seed=0)
score = float(dataset.score_answer(job["text"], job["entry"]))
os.write(int(os.environ["GOLDSIEVE_FD"]), repr(score).encode())
