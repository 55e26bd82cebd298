"""`gatehouse up` as a newcomer types it: a first start that is cut short, the second, and bad luck."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.firm.people import PEOPLE
from core.plain_http import NOBODY
from tests.fixtures.servers import ROOT, free_port
from tests.ui.processes.test_supervise import is_alive, until

PASSWORD = re.compile(r"\b[0-9a-f]{4}(?:-[0-9a-f]{4}){3}\b")


LEFT_WAITING = [("ASSESSED", "hh-105"), ("SUBMITTED", "hh-106")]


class Up:
    """One `gatehouse up` as a process, and everything that it printed."""

    def __init__(self, home: Path, port: int, *words: str) -> None:
        self.home, self.port, self.printed = home, port, home.with_suffix(f".{os.urandom(3).hex()}.out")
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ui.cli", "up", *words],
                cwd="/",
                env=settings(home, port),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.printed.read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self, *, within: float = 150) -> None:
        until(lambda: "Gatehouse is at" in self.said or self.process.poll() is not None, within=within)
        assert self.process.poll() is None, self.said

    def pids(self) -> list[int]:
        found = json.loads((self.home / "run" / "processes.json").read_text())["processes"]
        return [one["pid"] for one in found.values() if one["pid"]]

    def __enter__(self) -> Up:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def settings(home: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "GATEHOUSE_HOME": str(home),
        "GATEHOUSE_PORT": str(port),
    }


def gatehouse(home: Path, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "ui.cli", *words],
        cwd="/",
        env=settings(home, port),
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def a_home() -> Iterator[Path]:
    """A short path that others may enter: sockets have short names, and processes users of their own."""
    with tempfile.TemporaryDirectory(prefix="gh-up-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "home"


@contextmanager
def signed_in(up: Up, login: str, password: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=up.url, trust_env=False, verify=NOBODY, timeout=30) as client:
        answer = client.post("/v1/sessions", json={"login": login, "password": password}).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['ticket']}"
        yield client


def waiting(client: httpx.Client) -> list[tuple[str, str]]:
    proposals: list[dict[str, Any]] = client.get("/v1/proposals").raise_for_status().json()
    return sorted((one["status"], one["household"]) for one in proposals)


@pytest.mark.timeout(400)
def test_a_first_start_may_be_cut_short_and_a_second_finds_everything() -> None:
    with a_home() as home:
        port = free_port()
        with Up(home, port) as interrupted:
            until(lambda: "1000 entries" in interrupted.said, within=150)
            assert interrupted.stop() == 0
            assert "everything is kept" in interrupted.said

        with Up(home, port) as cut:
            until(lambda: "house research notes" in cut.said, within=150)
            pids = cut.pids()
            cut.process.kill()
            cut.process.wait()
            until(lambda: not any(map(is_alive, pids)), within=10)
        assert not PASSWORD.search(cut.said)

        with Up(home, port) as first:
            first.ready()
            passwords = _printed(first.said)
            assert set(passwords) == {person.login for person in PEOPLE}
            with signed_in(first, "maria.alvarez", passwords["maria.alvarez"]) as maria:
                assert waiting(maria) == LEFT_WAITING
            listed = json.loads(gatehouse(home, port, "people", "list", "--json").stdout)
            assert {row["login"] for row in listed if row["has_password"]} == set(passwords)
            assert first.stop() == 0
            assert "everything is kept" in first.said

        with Up(home, port) as again:
            again.ready()
            assert not PASSWORD.search(again.said)
            fresh = json.loads(gatehouse(home, port, "people", "reset", "robert.hensley", "--json").stdout)
            with signed_in(again, "robert.hensley", fresh["password"]) as robert:
                assert waiting(robert) == LEFT_WAITING
            assert _secrets_in_logs(home, [*passwords.values(), fresh["password"]]) == []
            second = gatehouse(home, free_port(), "up")
            assert second.returncode == 1
            assert second.stderr.startswith(f"gatehouse: gatehouse is already up in {str(home)!r}; ")
            assert again.stop() == 0


def _printed(said: str) -> dict[str, str]:
    rows = (line.split() for line in said.splitlines() if PASSWORD.search(line))
    return {login: password for _, login, password, *_ in rows}


def _secrets_in_logs(home: Path, passwords: list[str]) -> list[str]:
    """Names of logs that hold a password, a key or a login of anybody's."""
    kept = json.loads((home / "secrets" / "processes.json").read_text())
    logins = json.loads((home / "secrets" / "logins.json").read_text())
    secrets = [kept["checkpoint"], kept["signing"], kept["loopback"], *kept["venues"].values()]
    secrets += [*logins["passwords"].values(), *passwords]
    logs = [*(home / "logs").iterdir(), home / "run" / "processes.json", home / "database" / "server.log"]
    return [log.name for log in logs if any(secret in log.read_text() for secret in secrets)]


def test_a_taken_port_is_one_line_before_anything_starts() -> None:
    with a_home() as home, socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = gatehouse(home, port, "up")
        assert done.returncode == 3
        assert done.stderr.startswith(f"gatehouse: port {port} on 127.0.0.1 cannot be opened: ")
        assert done.stderr.count("\n") == 1
        assert not (home / "database").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk needs root")
def test_a_full_disk_is_one_line_and_leaves_nobody_running() -> None:
    with a_home() as home:
        home.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", str(home)], check=False
        )
        if made.returncode != 0:
            pytest.skip("no small disk can be mounted here")
        try:
            done = gatehouse(home, free_port(), "up")
            assert done.returncode == 3, done.stderr
            assert done.stderr.count("\n") == 1
            assert "full" in done.stderr
        finally:
            subprocess.run(["umount", "-l", str(home)], check=True)
