"""What a confined process can no longer do; the parser of uploads is one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Tries everything in a process of its own, and tells the kind of error of each.
TRIAL = """
import json, os, socket, subprocess, sys, tempfile
from pathlib import Path
from nop_ingest.confinement import Taken, confine

own, outside = map(Path, sys.argv[1:])
told = {"taken": confine(own).name}
tempfile.tempdir = str(own)

def attempt(name, act):
    try:
        act()
        told[name] = "done"
    except OSError as error:
        told[name] = type(error).__name__

attempt("read", (outside / "there").read_bytes)
attempt("own folder", (own / "new").touch)
attempt("own temporary file", lambda: tempfile.NamedTemporaryFile().write(b"x"))
attempt("write", lambda: (outside / "there").write_text("changed"))
attempt("make", (outside / "new").touch)
attempt("remove", (outside / "there").unlink)
attempt("rename", lambda: (outside / "there").rename(outside / "gone"))
attempt("link", lambda: (outside / "link").symlink_to("/etc"))
attempt("tcp", socket.socket)
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("unix", lambda: socket.socket(socket.AF_UNIX))
attempt("program", lambda: subprocess.run([sys.executable, "-V"]))
attempt("process", os.fork)
attempt("memory file", lambda: os.memfd_create("x"))
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    own, outside = tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("outside")
    (outside / "there").write_text("as it was")
    trial = [sys.executable, "-c", TRIAL, str(own), str(outside)]
    done = subprocess.run(trial, capture_output=True, text=True, check=True, timeout=60)
    answers: dict[str, str] = json.loads(done.stdout)
    if answers["taken"] == "FILES|CALLS":
        assert [path.name for path in outside.iterdir()] == ["there"]
        assert (outside / "there").read_text() == "as it was"
    return answers


def test_what_reading_a_file_needs_is_left(told: dict[str, str]) -> None:
    assert {told[act] for act in ("read", "own folder", "own temporary file")} == {"done"}


@pytest.mark.parametrize("act", ["write", "make", "remove", "rename", "link"])
def test_files_outside_the_own_folder_stay_as_they_are(act: str, told: dict[str, str]) -> None:
    if "FILES" not in told["taken"]:
        pytest.skip("this kernel has no Landlock")

    assert told[act] == "PermissionError"


@pytest.mark.parametrize("act", ["tcp", "udp", "unix", "program", "process", "memory file"])
def test_nobody_is_called_and_nothing_is_started(act: str, told: dict[str, str]) -> None:
    if "CALLS" not in told["taken"]:
        pytest.skip("this machine has no seccomp filter")

    assert told[act] == "PermissionError"
