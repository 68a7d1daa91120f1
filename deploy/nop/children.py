"""One process of the platform, kept running: log file, restarts with back-off."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from nop.processes import Process, identify

_LONGEST_PAUSE = 60.0
_STEADY_SECONDS = 60.0
"""A child that ran so long starts again without a longer pause when it ends."""
_LOG_BYTES = 20_000_000


class Child:
    """`nop NAME` as a process of its own."""

    def __init__(self, name: str, home: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = home / f"log/{name}.log"
        self._environment = dict(environment)
        self.process: Process | None = None
        """The running process; None between two attempts."""
        self.failures = 0
        """How often it ended since it last ran steadily."""
        self._popen: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0

    def start(self) -> None:
        """Start it; its output goes to the end of its log."""
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
            self._popen = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "nop", self.name],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.process = identify(self.name, self._popen.pid)
        self._started_at = time.monotonic()

    def check(self) -> str | None:
        """Start it again if it is due. Returns what to tell the person, when it has just ended."""
        now = time.monotonic()
        if self._popen is None:
            if now >= self._start_again_at:
                self.start()
            return None
        code = self._popen.poll()
        if code is None:
            self.keep_log_short()
            return None
        self._popen = self.process = None
        self.failures = 1 if now - self._started_at > _STEADY_SECONDS else self.failures + 1
        pause = min(_LONGEST_PAUSE, 2.0 ** (self.failures - 1))
        self._start_again_at = now + pause
        reason = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return (
            f"{self.name} ended ({reason}), starts again in {pause:.0f} s; "
            f"the end of {self.log}:\n{self.log_tail(5)}"
        )

    def reap(self) -> None:
        """Take note of its end, so that it does not linger as a zombie."""
        if self._popen is not None:
            self._popen.poll()

    def log_tail(self, lines: int) -> str:
        """The last lines of its log."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def keep_log_short(self) -> None:
        """Move a long log aside. The child appends to the emptied file."""
        if self.log.stat().st_size > _LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
