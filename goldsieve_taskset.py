"""The name by which `vf-eval goldsieve-taskset` imports `trainers/taskset.py`.

It imports a module at the top level, by its name alone.
"""

from trainers.taskset import GoldsieveTaskset

__all__ = ["GoldsieveTaskset"]
