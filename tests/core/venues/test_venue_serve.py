"""`venue serve` at its limits: each gets one clear line and an exit code, and nothing answered is lost."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from core.errors import BadInput, WorldFailed
from core.ids import Symbol
from core.plain_http import NOBODY
from core.venues.simulated.control import Address, shift_quotes, tell, tell_day
from core.venues.simulated.day import Day
from core.venues.simulated.faults import NO_FAULTS, Mishap, changed
from core.venues.simulated.ledger import read_ledger
from core.venues.venue import encode
from tests.fixtures.venues import KEY, ROOT, VenueProcess, arcadia, released

__all__ = ["arcadia"]


def serve(*words: str, key: str = KEY, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "venue", "serve", "--seed", "7", *words],
        cwd=ROOT,
        env={**os.environ, "GATEHOUSE_VENUE_KEY_ARCADIA": key, "GATEHOUSE_VENUE_KEY_NOWHERE": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def refused(*words: str, key: str = KEY) -> tuple[int, str]:
    with serve(*words, key=key) as process:
        _, says = process.communicate(timeout=30)
    return process.returncode, says


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    code, says = refused("--name", "NOWHERE", "--ledger", str(tmp_path / "a"))
    assert (code, says) == (
        1,
        "gatehouse: there is no simulated venue 'NOWHERE'; use one of ARCADIA, BOREAL, CORTLAND\n",
    )


def test_a_missing_key_is_refused(tmp_path: Path) -> None:
    code, says = refused("--name", "ARCADIA", "--ledger", str(tmp_path / "a"), key="")
    assert (code, says.count("\n")) == (1, 1)
    assert not (tmp_path / "a").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, says = refused("--name", "ARCADIA", "--ledger", str(tmp_path / "a"), "--port", str(port))
    assert (code, str(port) in says, says.count("\n")) == (3, True, 1)


def test_a_faults_file_with_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text('{"explode_percent": 5}')
    code, says = refused(
        "--name", "ARCADIA", "--ledger", str(tmp_path / "a"), "--faults", str(tmp_path / "f")
    )
    assert code == 1
    assert "explode_percent" in says


def test_a_full_disk_ends_the_venue_and_it_answered_nothing_that_it_forgot(tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    path = tmp_path / "a"
    with serve("--name", "ARCADIA", "--ledger", str(path), limit=small_files) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split('"port": ')[1].split(",")[0])
        accepted = []
        try:
            for _ in range(60):
                order = released(limit="60.00")
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/orders",
                    content=encode(order),
                    headers={"authorization": f"Bearer {KEY}"},
                    trust_env=False,
                    verify=NOBODY,
                )
                if answer.status_code == 200:
                    accepted.append(order.id)
        except httpx.HTTPError:
            pass
        _, says = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "cannot be written" in says
    remembered = {line["order"] for line in read_ledger(path) if line["kind"] == "message"}
    assert accepted
    assert set(accepted) <= remembered


def test_an_idle_venue_holds_less_than_45_megabytes(tmp_path: Path) -> None:
    venue = VenueProcess("ARCADIA", tmp_path / "a")
    venue.start()
    try:
        assert venue.process is not None
        rollup = Path(f"/proc/{venue.process.pid}/smaps_rollup").read_text()
        kilobytes = int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
        assert kilobytes < 45 * 1024
    finally:
        venue.kill()


def test_counted_faults_come_first_and_run_out() -> None:
    faults = changed(NO_FAULTS, {"reject_next": 1, "time_out_next": 1})
    first, faults = faults.of(7, 0)
    second, faults = faults.of(7, 1)
    third, _ = faults.of(7, 2)
    assert (first, second, third) == (Mishap.REJECT, Mishap.TIME_OUT, None)


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_a_rate_is_kept_and_repeats_with_the_seed(percent: int) -> None:
    faults = changed(NO_FAULTS, {"drop_percent": percent})
    befell = [faults.of(7, message)[0] for message in range(4000)]
    assert befell == [faults.of(7, message)[0] for message in range(4000)]
    assert abs(befell.count(Mishap.DROP) - 40 * percent) <= 120


@pytest.mark.anyio
async def test_the_day_and_the_quotes_can_be_moved_by_whoever_holds_the_key(arcadia: VenueProcess) -> None:
    here = Address(arcadia.name, arcadia.url, KEY)
    nights_close = datetime(2022, 12, 29, 21, tzinfo=UTC)
    await tell_day([here], Day(date(2022, 12, 29), nights_close, open=False))
    mornings = datetime(2022, 12, 30, 15, tzinfo=UTC)
    await tell_day([here], Day(date(2022, 12, 30), mornings, open=True))
    await shift_quotes(here, {"AAPL": "-50"})
    async with arcadia.client() as venue:
        quote = (await venue.quotes([Symbol("AAPL")], timeout=timedelta(seconds=2)))[Symbol("AAPL")]
    assert (quote.session, quote.taken_at) == (date(2022, 12, 30), mornings)
    assert quote.last == Decimal("62.84")  # half of 125.67, to the cent, half to even
    with pytest.raises(BadInput):
        await tell(here, {"explode": True})
    with pytest.raises(WorldFailed):
        await tell(Address(arcadia.name, arcadia.url, "wrong"), {})
