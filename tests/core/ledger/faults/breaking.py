"""Ways to break the ground under a server: its kernel's answers, its disk's size.

A way that a machine does not offer is told by `NotHere`; a test without it is skipped with its words.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import psycopg
import pytest

from tests.core.ledger.faults.own import OwnServer
from tests.core.ledger.faults.syscalls import WRITES, Kernel, NotHere
from tests.fixtures.servers import ROOT

MEGABYTE: Final = 1024 * 1024
SEGMENT: Final = 16 * MEGABYTE


@contextmanager
def answered_by_us(own: OwnServer, calls: tuple[str, ...]) -> Iterator[Kernel]:
    """The server, started again, with those system calls in our hand. Stopped at the end.

    Raises:
        NotHere: the kernel does not offer it.
    """
    own.stop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = [sys.executable, "-m", "tests.core.ledger.faults.under_filter", str(theirs.fileno())]
        holder = subprocess.Popen(
            [*words, str(own.home), *calls],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            _, received, _, _ = socket.recv_fds(ours, 1, 1)
            if not received:
                raise NotHere(holder.stdout.readline().strip())
            kernel = Kernel(received[0])
            try:
                assert holder.stdout.readline() == "up\n"
                yield kernel
            finally:
                kernel.mend()
                own.forget_connections()
                holder.stdin.close()
                holder.wait(60)
                kernel.close()
        finally:
            holder.kill()
            holder.wait()
            holder.stdout.close()


class Disk(Protocol):
    """What holds a part of the data folder."""

    def fill(self) -> None:
        """Not another byte."""

    def free(self) -> None:
        """Room again."""


@contextmanager
def disk_under(own: OwnServer, part: str, way: str) -> Iterator[Disk]:
    """The server, started again with that part of its data folder on a disk that can be filled.

    `way` is "mount" (a file system of its own) or "kernel" (the kernel's answer to a write).

    Raises:
        NotHere: this machine does not let us.
    """
    if way == "kernel":
        with answered_by_us(own, WRITES) as kernel:
            yield _AnsweredDisk(kernel, f"/{part}/")
    else:
        with _mounted(own, part) as disk:
            yield disk


def or_skip(way: str, lacking: NotHere) -> None:
    """Says which way it tried."""
    pytest.skip(f"no full disk by {way!r} on this machine: {lacking}")


@dataclass
class _AnsweredDisk:
    kernel: Kernel
    under: str

    def fill(self) -> None:
        self.kernel.fail(errno.ENOSPC, under=self.under)

    def free(self) -> None:
        self.kernel.mend()


@dataclass
class _SmallDisk:
    folder: Path

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (MEGABYTE, 4096):
                try:
                    while True:
                        ballast.write(b"\0" * size)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        (self.folder / "ballast").unlink()


@contextmanager
def _mounted(own: OwnServer, part: str) -> Iterator[Disk]:
    own.stop()
    folder = own.data / part
    aside = folder.with_name(f"{part}.aside")
    holds = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    room = f"size={holds // MEGABYTE + 40}M"
    owner = folder.stat()
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    try:
        if shutil.which("mount") is None:
            raise NotHere("there is no mount")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{room},mode=0700", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NotHere(f"mount: {done.stderr.strip()}")
    except NotHere:
        folder.rmdir()
        aside.rename(folder)
        raise
    try:
        os.chown(folder, owner.st_uid, owner.st_gid)
        subprocess.run(["cp", "-a", f"{aside}/.", str(folder)], check=True)
        own.start()
        yield _SmallDisk(folder)
    finally:
        own.stop()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(aside)


def to_the_last_segment(own: OwnServer) -> None:
    """Use up the log's files until the next few entries need a new one."""
    with psycopg.connect(own.superuser, autocommit=True) as connection:
        there = connection.execute(
            "select count(*) from pg_ls_waldir() where size = %s", [SEGMENT]
        ).fetchone()
        ahead = (
            "select count(*) from pg_ls_waldir() where name > pg_walfile_name(pg_current_wal_insert_lsn())"
        )
        assert there
        while (connection.execute(f"{ahead} and size = %s", [SEGMENT]).fetchone() or (0,))[0]:
            connection.execute("select pg_logical_emit_message(false, 'ballast', 'x')")
            connection.execute("select pg_switch_wal()")
        left = "select %s - (pg_current_wal_insert_lsn() - '0/0') %% %s"
        while True:
            row = connection.execute(left, [SEGMENT, SEGMENT]).fetchone()
            assert row
            if row[0] < 64 * 1024:
                return
            size = min(int(row[0]) - 32 * 1024, MEGABYTE)
            connection.execute("select pg_logical_emit_message(false, 'ballast', repeat('x', %s))", [size])
