"""A cluster of Ray on this machine: several raylets, without a dashboard, and nothing is sent to anybody."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

STORE_BYTES = 1 << 30
"""Of each raylet's object store, in /dev/shm."""


@contextmanager
def raylets(count: int, store_bytes: int = STORE_BYTES) -> Iterator[str]:
    """Start so many raylets, of one CPU each; give the address of their cluster, and end them."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
    logging.getLogger("ray").setLevel(logging.ERROR)
    import ray
    from ray.cluster_utils import Cluster

    of_each = {"num_cpus": 1, "object_store_memory": store_bytes, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=of_each)
    try:
        for _ in range(count - 1):
            cluster.add_node(**of_each)
        cluster.wait_for_nodes()
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()
