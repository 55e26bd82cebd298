"""Each process gets its own secrets and nobody else's; what is kept is made once."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.database.logins import LIMITS, SETTING_OF, Logins
from core.errors import IntegrityLost, WorldFailed
from core.settings import SETTINGS
from tests.fixtures.interpreter import others_can_start_python
from ui.processes.isolation import FIRST_USER, KEYS_GROUP, Isolation, Wall, hand_over, isolation
from ui.processes.plan import SETTINGS_OF, Process, Wanted, names, plan
from ui.processes.ports import OURS, free, refuse_taken
from ui.processes.secrets_kept import Kept, kept_in

VENUES = ("ARCADIA", "BOREAL")
KEEPERS = ("cus-north",)
LOGINS = Logins("/nowhere", "5432", "gatehouse", {role: f"password-of-{role}" for role in LIMITS})
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="users of their own need root")


def planned(home: Path, **settings: str) -> dict[str, Process]:
    return chosen(home, settings, spans=False)


def chosen(home: Path, settings: dict[str, str], *, spans: bool) -> dict[str, Process]:
    wanted = Wanted(
        home=home,
        host="127.0.0.1",
        ports=(8080, 21000, 21001, 21002, 21003, 21004, 21005),
        venues=VENUES,
        custodians=KEEPERS,
        pace=timedelta(seconds=5),
        seed=7,
        spans=spans,
    )
    found = plan(settings, wanted, logins=LOGINS, kept=kept_in(home, VENUES, KEEPERS))
    return {process.name: process for process in found}


def secrets_of(kept: Kept) -> dict[str, str]:
    """Every secret there is, with the name that it goes by."""
    logins = {f"login {role}": password for role, password in LOGINS.passwords.items()}
    venues = {f"venue {name}": key for name, key in kept.venues.items()}
    return {
        **logins,
        **venues,
        **{f"custodian {name}": key for name, key in kept.custodians.items()},
        "clearing": kept.clearing,
        "checkpoint": kept.checkpoint,
        "signing": kept.signing,
        "loopback": kept.loopback,
    }


HELD = {
    "front": {"login gh_intake", "login gh_approver", "loopback"},
    "copilot": {"login gh_agent", "checkpoint", "loopback"},
    "worker": {"login gh_gate", "venue ARCADIA", "venue BOREAL", "custodian cus-north"},
    "witness": {"login gh_witness", "signing"},
    "venue-arcadia": {"venue ARCADIA", "clearing"},
    "venue-boreal": {"venue BOREAL", "clearing"},
    "custodians": {"custodian cus-north", "clearing"},
}


@pytest.mark.parametrize("name", HELD)
def test_a_process_holds_its_own_secrets_and_no_other(tmp_path: Path, name: str) -> None:
    environment = " ".join(planned(tmp_path)[name].env.values())
    secrets = secrets_of(kept_in(tmp_path, VENUES, KEEPERS))
    assert {known for known, secret in secrets.items() if secret in environment} == HELD[name]


def test_no_secret_stands_among_the_words_or_in_a_repr(tmp_path: Path) -> None:
    processes = planned(tmp_path, OPENAI_API_KEY="sk-open")
    shown = " ".join(" ".join(p.words) + p.url + repr(p) for p in processes.values())
    secrets = secrets_of(kept_in(tmp_path, VENUES, KEEPERS)).values()
    assert not [secret for secret in [*secrets, "sk-open"] if secret in shown]


def test_only_the_copilot_is_given_the_model_and_the_way_to_it(tmp_path: Path) -> None:
    given = {"OPENAI_API_KEY": "sk-open", "HTTPS_PROXY": "http://127.0.0.1:3128"}
    holders = {name for name, process in planned(tmp_path, **given).items() if set(given) & set(process.env)}
    assert holders == {"copilot"}


def test_every_setting_that_is_handed_out_is_in_the_table_of_settings() -> None:
    known = {setting.name for setting in SETTINGS}
    ours = {name for row in SETTINGS_OF.values() for name in row if name.startswith("GATEHOUSE_")}
    assert ours <= known
    assert set(SETTING_OF.values()) <= ours


def test_a_users_own_key_wins_over_the_one_that_we_made(tmp_path: Path) -> None:
    own = "ab" * 32
    assert planned(tmp_path, GATEHOUSE_SIGNING_KEY=own)["witness"].env["GATEHOUSE_SIGNING_KEY"] == own


def test_the_worker_stands_on_venues_and_custodians_and_the_front_on_the_worker(tmp_path: Path) -> None:
    after = {name: set(process.after) for name, process in planned(tmp_path).items()}
    assert after["worker"] == {"venue-arcadia", "venue-boreal", "custodians"}
    assert after["front"] == {"worker"}


def test_the_worker_speaks_with_venues_in_socket_sessions_and_custodians_read_them_by_http(
    tmp_path: Path,
) -> None:
    found = planned(tmp_path)
    assert found["worker"].env["GATEHOUSE_VENUES"] == (
        "ARCADIA=tcp://127.0.0.1:21002,BOREAL=tcp://127.0.0.1:21004"
    )
    assert "--port 21003 --socket-port 21004" in " ".join(found["venue-boreal"].words)
    assert "--venue BOREAL=http://127.0.0.1:21003" in " ".join(found["custodians"].words)


def test_the_copilot_writes_spans_only_where_they_are_wanted(tmp_path: Path) -> None:
    assert planned(tmp_path)["copilot"].words == ("copilot",)
    assert chosen(tmp_path, {}, spans=True)["copilot"].words == ("copilot", "--spans", "spans.jsonl")


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    first = kept_in(tmp_path, VENUES, KEEPERS)
    file = tmp_path / "secrets" / "processes.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept_in(tmp_path, VENUES, KEEPERS) == first
    assert re.fullmatch(r"[0-9a-f]{64}", first.checkpoint)
    assert re.fullmatch(r"[0-9a-f]{64}", first.signing)


def test_a_new_venue_gets_a_key_and_the_old_ones_keep_theirs(tmp_path: Path) -> None:
    first = kept_in(tmp_path, VENUES, KEEPERS)
    more = kept_in(tmp_path, (*VENUES, "CORTLAND"), KEEPERS)
    assert set(more.venues) == {*VENUES, "CORTLAND"}
    assert {name: more.venues[name] for name in VENUES} == first.venues


def test_secrets_that_cannot_be_read_are_not_made_anew(tmp_path: Path) -> None:
    kept_in(tmp_path, VENUES, KEEPERS)
    file = tmp_path / "secrets" / "processes.json"
    file.write_text(json.dumps({"checkpoint": "half"}))
    with pytest.raises(IntegrityLost, match=re.escape(str(file))):
        kept_in(tmp_path, VENUES, KEEPERS)
    assert json.loads(file.read_text()) == {"checkpoint": "half"}


def test_a_taken_port_is_refused_by_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(WorldFailed, match=f"port {port} on 127.0.0.1 cannot be opened"):
            refuse_taken("127.0.0.1", port)
    refuse_taken("127.0.0.1", port)


def test_free_ports_are_different_and_below_the_kernels_own() -> None:
    found = free(5)
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(found)) == 5
    assert all(port in OURS and port < lowest for port in found)


def test_every_process_has_a_user_of_its_own_or_none_has() -> None:
    every = names(VENUES)
    found = isolation(every, Path("/"))
    users = [found.of(name).user for name in every]
    if found.separate:
        assert len(set(users)) == len(every)
        assert {name for name in every if KEYS_GROUP in found.of(name).groups} == {"front", "worker"}
    else:
        assert set(users) == {None}


@others_can_start_python
@as_root
def test_front_and_worker_read_the_keys_and_the_copilot_cannot(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "cli-1.json").write_text("{}")
    walls = Isolation(
        True,
        "",
        {"front": Wall(FIRST_USER, (KEYS_GROUP,)), "copilot": Wall(FIRST_USER + 1)},
    )
    hand_over(
        keys, tmp_path / "halts", walls, {"front": [tmp_path / "front"], "copilot": [tmp_path / "copilot"]}
    )
    assert _reads(keys / "cli-1.json", walls.of("front"))
    assert not _reads(keys / "cli-1.json", walls.of("copilot"))
    assert (tmp_path / "copilot").stat().st_uid == FIRST_USER + 1
    assert not _reads(tmp_path / "front", walls.of("copilot"))


@as_root
def test_a_second_name_of_a_strangers_file_changes_no_owner(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's")
    mine = tmp_path / "copilot"
    mine.mkdir()
    os.link(secret, mine / "innocent")
    hand_over(
        tmp_path / "keys",
        tmp_path / "halts",
        Isolation(True, "", {"copilot": Wall(FIRST_USER + 1)}),
        {"copilot": [mine]},
    )
    assert secret.stat().st_uid == 0


def _reads(path: Path, wall: Wall) -> bool:
    code = (
        f"import os, pathlib; p = pathlib.Path({str(path)!r}); os.listdir(p) if p.is_dir() else p.read_text()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        user=wall.user,
        group=wall.user,
        extra_groups=list(wall.groups),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
