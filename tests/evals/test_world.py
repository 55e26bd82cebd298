"""A world at work: whatever is killed comes back, and nothing of it outlives its maker.

One world for all of it, in one test: opening one takes as long as everything that is tried in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from core.database import logins as kept
from core.database.embedded import open_cluster
from core.database.logins import OWNER
from evals.world import World, command, settings_of
from tests.fixtures.servers import ROOT

QUIET_LOOKS: Final = 60  # three seconds of looks
EVERYTHING = (
    "venue-arcadia", "venue-boreal", "venue-cortland", "copilot", "worker", "witness", "front",
)  # fmt: skip
# Opens a world, says where it is, and waits to be killed.
MAKER = """
import time
from evals.world import opened
with opened() as world:
    print(world.home, world.url, flush=True)
    time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def standing_in(folder: Path) -> list[int]:
    """Processes whose working folder is that one or below it."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            continue
    return [pid for pid in found if is_alive(pid)]


def gone(folder: Path, *, within: float = 30) -> bool:
    ends = time.monotonic() + within
    while standing_in(folder) and time.monotonic() < ends:
        time.sleep(0.1)
    return not standing_in(folder)


@pytest.mark.timeout(400)
def test_whatever_is_killed_comes_back_and_nothing_outlives_the_maker() -> None:
    with made() as (maker, world):
        for name in EVERYTHING:
            a_killed_process_is_back(world, name)
        a_killed_database_is_back(world)
        the_walls_that_are_claimed_stand(world)
        no_process_holds_a_login_of_another(world)
        everything_takes_less_than_a_gigabyte(world)
        world.cluster.close()  # else this very process would keep the database
        maker.kill()
        maker.wait()
        assert gone(world.home)


@contextlib.contextmanager
def made() -> Iterator[tuple[subprocess.Popen[str], World]]:
    """A world whose maker is a process of its own."""
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKER],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TMPDIR": tempfile.gettempdir()},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdout is not None
    told = maker.stdout.readline().split()
    assert len(told) == 2, "the world did not open"
    home, url = Path(told[0]), told[1]
    logins = kept.load(home)
    assert logins is not None
    try:
        yield maker, World(home, url, logins, open_cluster(home))
    finally:
        maker.kill()
        maker.wait()
        maker.stdout.close()
        gone(home)
        subprocess.run(["rm", "-rf", str(home)], check=True)


def a_killed_process_is_back(world: World, name: str) -> None:
    before = world.processes()[name]["pid"]
    world.kill(name)
    assert world.processes()[name]["pid"] != before
    assert world.person("maria.alvarez").get("/v1/worklist")


def a_killed_database_is_back(world: World) -> None:
    """The server and its guardian, killed together, with every entry."""
    before = entries(world)
    for pid in standing_in(world.home / "database"):
        with contextlib.suppress(ProcessLookupError):  # a server that lost its parts ends by itself
            os.kill(pid, signal.SIGKILL)
    world.until(
        lambda: all(process["state"] == "ready" for process in world.processes().values()), "all are back"
    )
    assert world.person("maria.alvarez").get("/v1/worklist")
    assert entries(world) >= before
    everything_is_at_rest(world)


def everything_is_at_rest(world: World) -> None:
    """Ready, and not about to find out that its connection went with the database."""
    seen: list[dict[str, int]] = []

    def quiet() -> bool:
        told = world.processes()
        starts = {name: process["starts"] for name, process in told.items()}
        ready = all(process["state"] == "ready" and process["pid"] for process in told.values())
        seen.append(starts if ready else {})
        return len(seen) > QUIET_LOOKS and bool(starts) and all(one == starts for one in seen[-QUIET_LOOKS:])

    world.until(quiet, "nothing starts any more")


def entries(world: World) -> int:
    with world.connection(OWNER) as owner:
        row = owner.execute("select seq from gatehouse.head").fetchone()
    return int(row["seq"]) if row else 0


def the_walls_that_are_claimed_stand(world: World) -> None:
    """Where each process has a user of its own, that is what the kernel says too."""
    told = world.processes()
    real = {name: Path(f"/proc/{told[name]['pid']}").stat().st_uid for name in EVERYTHING}
    if any(told[name]["user"] is None for name in EVERYTHING):
        assert set(real.values()) == {os.geteuid()}
    else:
        assert real == {name: told[name]["user"] for name in EVERYTHING}
        assert len(set(real.values())) == len(EVERYTHING)


def no_process_holds_a_login_of_another(world: World) -> None:
    own = {
        "copilot": {"gh_agent"},
        "worker": {"gh_gate"},
        "witness": {"gh_witness"},
        "front": {"gh_intake", "gh_approver"},
        "venue-arcadia": set(),
    }
    for name, roles in own.items():
        environment = Path(f"/proc/{world.processes()[name]['pid']}/environ").read_text()
        held = {role for role, password in world.logins.passwords.items() if password in environment}
        assert held == roles


def everything_takes_less_than_a_gigabyte(world: World) -> None:
    done = world.run("doctor", "--memory", "--json")
    assert json.loads(done.stdout)["pss_kib_in_all"] < 1_000_000


def test_a_world_keeps_the_model_and_none_of_the_users_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {
        "GATEHOUSE_HOME": "/home/of/the/user",
        "DATABASE_URL": "postgresql://o@h/db",
        "GATEHOUSE_PORT": "1",
    }
    for name, text in {**theirs, "OPENAI_API_KEY": "sk-1", "GATEHOUSE_MODEL": "big"}.items():
        monkeypatch.setenv(name, text)
    given = settings_of(tmp_path)
    assert given["GATEHOUSE_HOME"] == str(tmp_path)
    assert {"DATABASE_URL", "GATEHOUSE_PORT"}.isdisjoint(given)
    assert (given["OPENAI_API_KEY"], given["GATEHOUSE_MODEL"]) == ("sk-1", "big")
    assert command("demo")[-1] == "demo"
