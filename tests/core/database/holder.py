"""A process that holds a cluster: says when it does, and stays until its input ends or it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from core.database.embedded import open_cluster
from tests.fixtures.servers import QUICK

if __name__ == "__main__":
    with open_cluster(Path(sys.argv[1]), overrides=QUICK) as cluster:
        sys.stdout.write(f"{cluster.superuser_dsn()}\n")
        sys.stdout.flush()
        sys.stdin.read()
