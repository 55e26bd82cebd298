"""A worker of the next version: `python -m tests.core.worker.newer_worker worker`."""

from __future__ import annotations

from functools import partial

from core.execution.lease import VERSION
from ui.cli import main
from ui.commands import worker

if __name__ == "__main__":
    worker.Parts = partial(worker.Parts, version=VERSION + 1)  # type: ignore[misc,assignment]
    main()
