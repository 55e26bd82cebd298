"""What may stand in a log, tried on processes that meet a defect while they hold a secret."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

DEFECT = """
import sys
sys.argv = ["gatehouse", "--help"]
from ui import cli
try:
    cli.main()
except SystemExit:
    pass
import structlog

def opens() -> None:
    ticket = "the-secret-ticket"
    raise ValueError("no such client: 'Ann Smith'")

try:
    opens()
except ValueError as bug:
    structlog.get_logger("front").error("unhandled", where="/v1/me", exc_info=bug)
opens()
"""

SERVED: Final = """
import asyncio, logging
from core.logs import plain
plain()
import httpx, uvicorn
from ui.api.front import create_app

app = create_app()

@app.get("/v1/clients/{name}")
async def clients(name: str) -> None:
    try:
        int(name)
    except ValueError as bad:
        raise KeyError(name) from bad

async def forgets(name: str) -> None:
    raise RuntimeError(name)

async def main() -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(trust_env=False) as http:
        print((await http.get(f"http://127.0.0.1:{port}/v1/clients/Ann Smith")).status_code)
    asyncio.create_task(forgets("Ann Smith"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(forgets("Ann Smith"))
    except ExceptionGroup:
        logging.getLogger("some.library").exception("it went wrong")
    server.should_exit = True
    await serving

asyncio.run(main())
"""


def said_by(program: str, code: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_defect_is_logged_with_its_places_and_without_any_value() -> None:
    said = said_by(DEFECT, 1)
    assert all(word in said for word in ("unhandled", "in opens", "ValueError"))
    assert said.count("in opens") == 2  # once logged, once as what ended the process
    assert "the-secret-ticket" not in said
    assert "Ann Smith" not in said


def test_nor_has_what_a_server_and_a_library_log_of_a_defect() -> None:
    said = said_by(SERVED, 0)
    assert "500" in said
    assert all(word in said for word in ("KeyError", "ValueError", "in clients", "in forgets", "went wrong"))
    assert "Ann" not in said
