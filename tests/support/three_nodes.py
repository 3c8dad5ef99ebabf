"""A Ray cluster of three node processes on this machine.

with three_nodes() as cluster:
    cluster.lose_node()
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

MEMORY = 100 << 20  # bytes of a node's object store
# A dead node is missed after one second and a half, not after half a minute.
HEALTH = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


class ThreeNodes:
    """The head, where the run is started, and two others, one core each."""

    def __init__(self, memory: int) -> None:
        from ray.cluster_utils import Cluster

        own: Any = {"num_cpus": 1, "object_store_memory": memory}
        self._own = own
        head = own | {"include_dashboard": False, "_system_config": HEALTH}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address: str = self._cluster.address
        self._others: list[Any] = []

    def fill(self) -> None:
        """Start nodes until there are three."""
        while len(self._others) < 2:
            self._others.append(self._cluster.add_node(**self._own))

    def lose_node(self) -> None:
        """Kill a node with all its processes, as a power cut does."""
        self._cluster.remove_node(self._others.pop(), allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()


@contextmanager
def three_nodes(memory: int = MEMORY) -> Iterator[ThreeNodes]:
    """The cluster; its nodes find the modules of the tests."""
    import ray

    here = {"PYTHONPATH": str(Path.cwd()), "RAY_DISABLE_IMPORT_WARNING": "1"}
    with mock.patch.dict(os.environ, here):
        cluster = ThreeNodes(memory)
        cluster.fill()
        try:
            yield cluster
        finally:
            ray.shutdown()
            cluster.close()
