"""A worker of the next version: `python -m tests.core.worker.newer_worker worker`."""

from __future__ import annotations

from functools import partial

from core.execution.lease import VERSION
from core.worker import Parts
from ui.cli import main
from ui.commands import worker

if __name__ == "__main__":
    setattr(worker, "Parts", partial(Parts, version=VERSION + 1))  # noqa: B010
    main()
