"""How many orders a second come in over HTTP: authenticated, validated, every policy asked, durable.

Rule 1: subject is `gatehouse front --intake` as a process, in a firm of 10,000 accounts; the load generator
    is this process, on the same processors. 128 connections, and 32 in `detail`.
Rule 2: baseline is an empty FastAPI endpoint with a pydantic body, under the same load in the same round.
Rule 3: `detail` has the same path with the commit switched off, batches, a screen that reloads beside it, and
    the processor's time of an order in the front and at the server, which say what a quiet machine could do.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from statistics import median
from typing import Any, Final

import httpx
import uvloop

from core.database.logins import APPROVER, INTAKE
from core.direct.orders import Asked
from evals.bench.decide import cpu_ns
from evals.bench.harness import Bench, Round, percentile
from evals.bench.load import Sent, request, sent
from evals.bench.orders_world import ROOT, OrdersWorld

ACCOUNTS: Final = 10_000
SYMBOLS: Final = 500
ORDERS: Final = 3_000  # of one round
BATCH: Final = 100
FEW, MANY = 32, 128  # connections


class OrdersBench:
    name = "orders"
    unit = "orders/s"
    event_bytes: int | None = None

    def __init__(self, *, accounts: int = ACCOUNTS, symbols: int = SYMBOLS, orders: int = ORDERS) -> None:
        self._world = OrdersWorld(accounts=accounts, symbols=symbols)
        self._count = orders
        self._loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._front = self._serve_front()
        self._world.superuser.execute("alter role gh_intake set synchronous_commit = off")
        self._careless = self._serve_front()
        self._world.superuser.execute("alter role gh_intake reset synchronous_commit")
        self._screens = self._serve_front()
        self._peer = self._serve(["-m", "evals.bench.orders_peer"], {})
        self._seen: dict[str, list[float]] = {}
        for port in (self._front, self._careless):  # every book read once, as after a morning's first orders
            self._sent(port, 20 * len(self._world.keys), FEW)

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {"synchronous_commit": "on", "fsync": "on"}

    def subject(self) -> Round:
        front, server = cpu_ns(self._processes[0].pid), self._server_ns()
        many = self._sent(self._front, self._count, MANY)
        self._note("front_cpu_us", (cpu_ns(self._processes[0].pid) - front) / 1e3 / self._count)
        self._note("server_cpu_us", (self._server_ns() - server) / 1e3 / self._count)
        self._note("at_32", self._sent(self._front, self._count // 2, FEW).rate)
        self._note("commit_off", self._sent(self._careless, self._count, MANY).rate)
        self._note("with_commit", many.rate)
        beside = self._loop.run(self._with_a_screen())
        self._note("p99_ms", percentile(sorted(many.calls_ms), 99) or 0.0)
        self._note("p99_ms_beside_a_screen", percentile(sorted(beside.calls_ms), 99) or 0.0)
        self._note("batch", self._batches())
        return Round(figure=many.rate, calls_ms=many.calls_ms, detail=self._detail())

    def baseline(self) -> Round:
        return Round(figure=self._sent(self._peer, self._count, MANY).rate)

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
        self._loop.close()
        self._world.close()

    def _sent(self, port: int, count: int, connections: int) -> Sent:
        asked = [
            request("/v1/orders", json.dumps(body_of(order)).encode(), key)
            for key, order in self._world.orders(count)
        ]
        said = self._loop.run(sent(port, asked, connections=connections))
        if set(said.statuses) != {201}:
            raise AssertionError(f"not every order was answered: {said.statuses}")
        return said

    def _batches(self) -> float:
        """Orders a second in batches of a hundred, each of one program's."""
        by_key: dict[str, list[Mapping[str, str]]] = {}
        requests = []
        for key, order in self._world.orders(self._count):
            waiting = by_key.setdefault(key, [])
            waiting.append(body_of(order))
            if len(waiting) == BATCH:
                body = json.dumps({"orders": by_key.pop(key)}).encode()
                requests.append(request("/v1/orders/batch", body, key))
        for key, waiting in by_key.items():
            body = json.dumps({"orders": waiting}).encode()
            requests.append(request("/v1/orders/batch", body, key))
        said = self._loop.run(sent(self._front, requests, connections=4))
        return said.rate * self._count / len(requests)

    async def _with_a_screen(self) -> Sent:
        """The same load while an advisor's screen reloads once a second, at the front that serves screens."""
        ticket = next(iter(self._world.tickets.values()))
        asked = [
            request("/v1/orders", json.dumps(body_of(order)).encode(), key)
            for key, order in self._world.orders(self._count)
        ]

        async def reloads() -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                while True:
                    url = f"http://127.0.0.1:{self._screens}/v1/proposals"
                    await client.get(url, headers={"Authorization": f"Bearer {ticket}"})
                    await asyncio.sleep(1)

        screen = asyncio.create_task(reloads())
        try:
            return await sent(self._front, asked, connections=MANY)
        finally:
            screen.cancel()
            await asyncio.gather(screen, return_exceptions=True)

    def _serve_front(self) -> int:
        keys = self._world.home / "keys"
        keys.mkdir(exist_ok=True)
        settings = {
            "GATEHOUSE_HOME": str(self._world.home / "front"),
            "GATEHOUSE_KEYSTORE": str(keys),
            "GATEHOUSE_INTAKE_DSN": self._world.logins.dsn(INTAKE),
            "GATEHOUSE_APPROVER_DSN": self._world.logins.dsn(APPROVER),
            "GATEHOUSE_COPILOT_URL": "http://127.0.0.1:9",
            "GATEHOUSE_LOOPBACK_SECRET": secrets.token_hex(16),
            "GATEHOUSE_HALT_KEY": secrets.token_hex(32),
        }
        return self._serve(["-m", "ui.cli", "front", "--intake"], settings)

    def _serve(self, words: Sequence[str], settings: Mapping[str, str]) -> int:
        port = _free_port()
        words = [*words, str(port)] if not settings else [*words]
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **settings, "GATEHOUSE_PORT": str(port)}
        self._processes.append(subprocess.Popen([sys.executable, *words], cwd=ROOT, env=env))
        for _ in range(600):
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success:
                    return port
            self._loop.run(asyncio.sleep(0.1))
        raise AssertionError(f"{words} did not answer")

    def _server_ns(self) -> int:
        rows = self._world.superuser.execute(
            "select pid from pg_stat_activity where usename = 'gh_intake'"
        ).fetchall()
        found = 0
        for row in rows:
            with suppress(OSError):  # it ended meanwhile
                found += cpu_ns(row["pid"])
        return found

    def _note(self, name: str, figure: float) -> None:
        self._seen.setdefault(name, []).append(figure)

    def _detail(self) -> Mapping[str, Any]:
        seen = {name: round(median(found), 2) for name, found in self._seen.items()}
        return {
            **seen,
            "connections": MANY,
            "to_commit_off": round(seen["with_commit"] / seen["commit_off"], 3),
            "p99_beside_a_screen": round(seen["p99_ms_beside_a_screen"] / (seen["p99_ms"] or 1), 2),
            "processors": os.cpu_count(),
        }


def body_of(order: Asked) -> Mapping[str, str]:
    """As a program would post it."""
    body = {
        "account_id": order.account,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": format(order.quantity, "f"),
        "order_type": order.order_type.value,
        "time_in_force": "day",
        "advisor_id": order.advisor,
        "client_order_id": order.client_order,
    }
    return body if order.limit_price is None else {**body, "limit_price": format(order.limit_price, "f")}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bench() -> Bench:
    return OrdersBench()
