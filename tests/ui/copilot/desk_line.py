"""The real copilot as a process, beside an office whose front, worker and venues are real too.

The front of that office relays to a double; what the double heard (ticket, message, trace) is what we hand to
the real copilot, as the front would.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx

from core.plain_http import NOBODY
from tests.fixtures.copilot_double import SECRET
from tests.fixtures.office import Office
from tests.fixtures.processes import process, until
from tests.fixtures.servers import free_port
from ui.api.relay import SECRET_HEADER
from ui.sse import Event, events

MARIA: Final = "maria.alvarez"


@dataclass
class Heard:
    """One message as the front forwarded it."""

    body: dict[str, Any]


@dataclass
class DeskLine:
    """A copilot's process that can be killed and started again, and how to speak to it."""

    office: Office
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    _up: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        env = {
            "GATEHOUSE_HOME": str(self.folder),
            "GATEHOUSE_AGENT_DSN": self.office.database.agent,
            "GATEHOUSE_COPILOT_URL": self.url,
            "GATEHOUSE_PORT": self.office.url.rsplit(":", 1)[1],
            "GATEHOUSE_LOOPBACK_SECRET": SECRET,
            "GATEHOUSE_CHECKPOINT_KEY": "0a" * 32,
            "GATEHOUSE_MODEL": "",
        }
        self._up = ExitStack()
        log = self.folder / f"copilot-{os.urandom(3).hex()}.log"
        self.process = self._up.enter_context(process(["copilot"], env, log))
        until(self.healthy, bool, within=60)

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._up.close()

    def stop(self) -> None:
        self._up.close()

    def healthy(self) -> bool:
        try:
            return self.get("/healthz").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def get(self, path: str, *, secret: str = SECRET) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers={SECRET_HEADER: secret}, trust_env=False, verify=NOBODY)

    def post(self, path: str, body: dict[str, Any], *, secret: str = SECRET) -> httpx.Response:
        return httpx.post(
            f"{self.url}{path}",
            json=body,
            headers={SECRET_HEADER: secret},
            trust_env=False,
            verify=NOBODY,
            timeout=90,
        )

    def events(self, path: str, body: dict[str, Any]) -> list[Event]:
        answer = self.post(path, body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return list(events(answer.text.split("\n")))

    def forwarded(
        self, text: str, *, thread: str | None = None, household: str | None = None
    ) -> dict[str, Any]:
        """What the front forwards when Maria writes this; her message is in the record by then."""
        maria = self.office.of(MARIA)
        thread = thread or maria.open_thread(household)
        self.office.copilot.heard.clear()
        list(maria.say(thread, text, key=uuid4().hex))
        [body] = self.office.copilot.turns()
        return body

    def said(self, text: str, *, thread: str | None = None, household: str | None = None) -> list[Event]:
        return self.events("/turns", self.forwarded(text, thread=thread, household=household))

    def nudged(self, body: dict[str, Any]) -> list[Event]:
        return self.events("/nudges", {name: body[name] for name in ("ticket", "thread", "trace")})

    def pss_mb(self) -> int:
        """What the process takes of the machine's memory."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


@contextmanager
def desk_line(office: Office, folder: Path) -> Iterator[DeskLine]:
    """A running copilot, ended at the end whatever happened."""
    line = DeskLine(office, folder)
    line.start()
    try:
        yield line
    finally:
        line.stop()


def answer(heard: list[Event]) -> str:
    """The text of the one answer."""
    assert [event.name for event in heard].count("answer") == 1, heard
    return next(str(event.data["text"]) for event in heard if event.name == "answer")
