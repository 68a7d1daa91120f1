"""Take from this process what reading a file does not need: network, programs, other files.

For a child that parses what strangers send: should a parser be made to run foreign code, that code
can neither call out, nor start anything, nor write outside one folder. Two means of the Linux
kernel that need no privilege, Landlock (5.13, network 6.7) and seccomp; where one is missing, the
other remains, and elsewhere nothing is taken. See landlock(7) and seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from enum import Flag, auto
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2

# Landlock: rights that are taken, by the interface version that knows them.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_QUESTION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _REMOVE_FILE, _MAKE_REG, _TRUNCATE = 1 << 0, 1 << 1, 1 << 5, 1 << 8, 1 << 14
_CHANGES = sum(1 << bit for bit in range(4, 13))  # removing and making of every kind
_REFER = 1 << 13
_NETWORK = 0b11  # TCP: bind, connect
_SCOPES = 0b11  # abstract sockets, signals

# seccomp: calls that are refused, by machine.
_REFUSED: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        # socket, connect, socketpair, clone, fork, vfork, execve, ptrace, memfd_create, execveat,
        # io_uring_setup, clone3
        (41, 42, 53, 56, 57, 58, 59, 101, 319, 322, 425, 435),
    ),
    "aarch64": (
        0xC00000B7,
        # ptrace, socket, socketpair, connect, clone, execve, memfd_create, execveat,
        # io_uring_setup, clone3
        (117, 198, 199, 203, 220, 221, 279, 281, 425, 435),
    ),
}
_FOREIGN_NUMBERS = 0x40000000  # the x32 calls of an x86_64 kernel
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM = 1
_AT_NUMBER, _AT_ARCHITECTURE = 0, 4


class Taken(Flag):
    """What a process no longer can."""

    NOTHING = 0
    FILES = auto()
    """Write, make or remove files outside its folder."""
    CALLS = auto()
    """Open connections, start programs or processes."""


def confine(folder: Path) -> Taken:
    """Leave this process its open files, reading, and writing in `folder`. Never raises.

    It ends when its parent does.
    """
    if sys.platform != "linux":
        return Taken.NOTHING
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Taken.NOTHING
    taken = Taken.FILES if _restrict_files(libc, folder) else Taken.NOTHING
    return taken | (Taken.CALLS if _refuse_calls(libc) else Taken.NOTHING)


def _restrict_files(libc: ctypes.CDLL, folder: Path) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_QUESTION)
    if version < 1:
        return False
    files = _EXECUTE | _WRITE | _CHANGES
    files |= (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    attributes = struct.pack("=Q", files)
    attributes += struct.pack("=Q", _NETWORK) if version >= 4 else b""
    attributes += struct.pack("=Q", _SCOPES) if version >= 6 else b""
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    own = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = (_WRITE | _REMOVE_FILE | _MAKE_REG | _TRUNCATE) & files
        rule = struct.pack("=Qi", allowed, own)
        added = libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) == 0
        return bool(added and libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(own)
        os.close(ruleset)


def _refuse_calls(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _REFUSED or sys.maxsize < 2**32:
        return False
    architecture, numbers = _REFUSED[platform.machine()]
    program = ctypes.create_string_buffer(_filter(architecture, numbers))
    count = (len(program) - 1) // 8
    header = struct.pack("@HxxxxxxP", count, ctypes.addressof(program))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def _filter(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """A BPF program: refuse these calls, and all that count calls in another way."""

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_true, if_false, value)

    left = len(numbers)
    steps = [
        step(_LOAD, _AT_ARCHITECTURE),
        step(_IF_EQUAL, architecture, 0, left + 3),
        step(_LOAD, _AT_NUMBER),
        step(_IF_AT_LEAST, _FOREIGN_NUMBERS, left + 1, 0),
    ]
    for n, number in enumerate(numbers):
        steps.append(step(_IF_EQUAL, number, left - n, 0))
    steps += [step(_RETURN, _ALLOW), step(_RETURN, _ERRNO | _EPERM)]
    return b"".join(steps)
