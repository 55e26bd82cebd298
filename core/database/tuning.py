"""The embedded server's settings, each with its reason. `gatehouse bench` prints them beside every figure.

Rule 1: durability is never traded: `fsync`, `full_page_writes` and `synchronous_commit` stay as shipped.
Rule 2: everything together idles below 1 GB, of which the server may take about 150 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SERVER_SETTINGS: Final[Mapping[str, str]] = {
    # Nothing on the network: no port to clash, nobody to keep out.
    "listen_addresses": "",
    # Other users' processes come in by the socket; the password decides, not the file mode.
    "unix_socket_permissions": "0777",
    "max_connections": "100",  # the logins' own limits add up to 88, see `core.database.bootstrap.LIMITS`
    # The journal's working set; larger gains nothing that was measurable and costs idle memory.
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",  # one HNSW build over the demo's passages fits
    # Appends are bound by checkpoints: each first touch of a page after one writes it in full.
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_buffers": "16MB",
    "wal_compression": "on",  # full pages again: less to write, little to compute
    # Short queries on two cores: planning for parallel workers or compiled code costs more than it saves.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # A statement may hold people's data, and an error repeats it: none reaches the log. Who made the error is
    # told it; the log has what is the server's own.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# Known to 18 and later only: readers without their own three processes save idle memory.
SINCE_18: Final[Mapping[str, str]] = {"io_method": "sync"}


def settings_for(major: int) -> Mapping[str, str]:
    """What a server of that major version is started with."""
    return {**SERVER_SETTINGS, **SINCE_18} if major >= 18 else SERVER_SETTINGS
