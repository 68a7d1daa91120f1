"""Settings of the private server, fitted to the machine it runs on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def configuration(
    socket_directory: Path, log_directory: Path, replacements: Mapping[str, str]
) -> str:
    """Text of a postgresql.conf. `ALTER SYSTEM` overrides it for good."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": '"' + str(socket_directory).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
        "log_directory": str(log_directory),
        "log_filename": "postgresql-%a.log",  # one week: each day replaces that of last week
        "log_truncate_on_rotation": "on",
        "log_rotation_size": "0",
        **_fitted(),
        **replacements,
    }
    text = "# Written by nop at every start.\n"
    for name, value in settings.items():
        text += "{} = '{}'\n".format(name, value.replace("'", "''"))
    return text


def _fitted() -> dict[str, str]:
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{max(128, min(1024, megabytes // 8))}MB",
        "effective_cache_size": f"{max(256, megabytes // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(256, megabytes // 16))}MB",
        "max_connections": "200",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",  # compiling costs more than these short statements run
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_duration_statement": "1s",
        "log_lock_waits": "on",
    }
