"""Answering a server's system calls in the kernel's place: a disk that fails on a switch, for real.

A process installs a seccomp filter (SECCOMP_RET_USER_NOTIF, Linux 5.5 and later) and hands its listener over;
from then on the calls on the list, of itself and of every process that it starts, wait for our word: go on,
or an error. No right is needed for it.

Source: seccomp_unotify(2), seccomp(2); numbers of <linux/seccomp.h>, <linux/audit.h>, <asm/unistd.h>.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import struct
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38
SET_MODE_FILTER: Final = 1
FLAG_NEW_LISTENER: Final = 1 << 3
RET_ALLOW: Final = 0x7FFF0000
RET_USER_NOTIF: Final = 0x7FC00000
NOTIF_FLAG_CONTINUE: Final = 1
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
AT_NUMBER, AT_ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
NOTIF: Final = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif with its seccomp_data
RESPONSE: Final = struct.Struct("=QqiI")
TURN: Final = 0.0005
"""Seconds that the callers' thread keeps the interpreter while the thread that answers waits for it. By
Python's own 5 ms a busy crowd of callers makes each of the server's writes take as long, and more."""
RECEIVE: Final = 0xC0000000 | NOTIF.size << 16 | ord("!") << 8 | 0
SEND: Final = 0xC0000000 | RESPONSE.size << 16 | ord("!") << 8 | 1

# fsync and fdatasync make durable; the others write to files and never to a socket.
NUMBERS: Final[Mapping[str, Mapping[str, int]]] = {
    "x86_64": {
        "audit": 0xC000003E,
        "seccomp": 317,
        "fsync": 74,
        "fdatasync": 75,
        "pwrite64": 18,
        "pwritev": 296,
    }
    | {"fallocate": 285},
    "aarch64": {
        "audit": 0xC00000B7,
        "seccomp": 277,
        "fsync": 82,
        "fdatasync": 83,
        "pwrite64": 68,
        "pwritev": 70,
    }
    | {"fallocate": 47},
}
SYNCS: Final = ("fsync", "fdatasync")
WRITES: Final = ("pwrite64", "pwritev", "fallocate")


class NotHere(Exception):
    """This kernel or machine does not offer it; says which."""


def install(calls: tuple[str, ...]) -> int:
    """Filter this process and its children; the listener's descriptor.

    Raises:
        NotHere: another architecture, an older kernel, or a sandbox that forbids it.
    """
    numbers = NUMBERS.get(platform.machine())
    if numbers is None:
        raise NotHere(f"no system call numbers for {platform.machine()}")
    wanted = [numbers[name] for name in calls]
    program = [(LOAD, 0, 0, AT_ARCHITECTURE), (JUMP_IF_EQUAL, 0, len(wanted) + 1, numbers["audit"])]
    program += [(LOAD, 0, 0, AT_NUMBER)]
    program += [(JUMP_IF_EQUAL, len(wanted) - n, 0, number) for n, number in enumerate(wanted)]
    program += [(RETURN, 0, 0, RET_ALLOW), (RETURN, 0, 0, RET_USER_NOTIF)]
    raw = b"".join(struct.pack("=HBBI", *line) for line in program)
    held = ctypes.create_string_buffer(raw)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(held)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    listener = int(libc.syscall(numbers["seccomp"], SET_MODE_FILTER, FLAG_NEW_LISTENER, header))
    if listener < 0:
        raise NotHere(f"seccomp: {os.strerror(ctypes.get_errno())}")
    return listener


@dataclass
class Kernel:
    """Answers the calls that come to the listener, in a thread of its own, until it is closed.

    While `fails` is an error number, calls on files whose path holds `under` get it.
    """

    listener: int
    fails: int | None = None
    under: str = ""
    failed: int = 0
    _thread: threading.Thread = field(init=False, repr=False)
    _turn: float = field(default_factory=sys.getswitchinterval)
    _ended: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ended = os.pipe()
        sys.setswitchinterval(TURN)
        self._thread = threading.Thread(target=self._answer, name="kernel", daemon=True)
        self._thread.start()

    def fail(self, error: int, *, under: str) -> None:
        """From now on, calls on files under that part of a path."""
        self.under, self.fails = under, error

    def mend(self) -> None:
        self.fails = None

    def close(self) -> None:
        """Whoever still waits for an answer gets ENOSYS."""
        os.close(self._ended[1])
        self._thread.join()
        sys.setswitchinterval(self._turn)
        os.close(self._ended[0])
        os.close(self.listener)

    def _answer(self) -> None:
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        poll.register(self._ended[0], select.POLLIN)
        while True:
            for descriptor, event in poll.poll():
                if descriptor != self.listener or not event & select.POLLIN:
                    return
                self._one()

    def _one(self) -> None:
        heard = bytearray(NOTIF.size)
        try:
            fcntl.ioctl(self.listener, RECEIVE, heard)
            number, pid, *_, descriptor = NOTIF.unpack(heard)[:7]
            said = self._word_on(pid, descriptor & 0x7FFFFFFF)
            fcntl.ioctl(self.listener, SEND, bytearray(RESPONSE.pack(number, 0, *said)))
        except OSError as gone:
            if gone.errno != errno.ENOENT:  # the caller was killed meanwhile
                raise

    def _word_on(self, pid: int, descriptor: int) -> tuple[int, int]:
        if self.fails is None:
            return 0, NOTIF_FLAG_CONTINUE
        try:
            path = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            return 0, NOTIF_FLAG_CONTINUE
        if self.under not in path:
            return 0, NOTIF_FLAG_CONTINUE
        self.failed += 1
        return -self.fails, 0
