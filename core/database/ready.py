"""From nothing to a database that serves: the cluster where it is ours, the roles, the migrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.database import logins as kept
from core.database.bootstrap import bootstrap
from core.database.embedded import Cluster, open_cluster
from core.database.logins import OWNER, Logins
from core.database.migrate import found, migrate
from core.database.model_caps import write_caps
from core.errors import BadInput
from core.settings import Environment, budgets, database_url, home, prices

DATABASE: str = "gatehouse"


@dataclass(frozen=True, slots=True)
class Ready:
    """`cluster` is held by this process, and None where the server is the firm's own."""

    cluster: Cluster | None
    logins: Logins
    landed: Sequence[str]

    def close(self) -> None:
        if self.cluster is not None:
            self.cluster.close()


def bootstrap_here(env: Environment, *, new_passwords: bool = False) -> tuple[Cluster | None, Logins]:
    """Run the bootstrap for that environment, and keep the logins in its home.

    Raises:
        BadInput, WorldFailed, IntegrityLost: as `open_cluster` and `bootstrap` say. No cluster stays held.
    """
    state, url = home(env), database_url(env)
    before = kept.load(state) if not new_passwords else None
    if url is not None:
        logins = bootstrap(url.reveal(), kept=before, new_passwords=new_passwords, whole_server=False)
        kept.save(logins, state)
        return None, logins
    cluster = open_cluster(state)
    try:
        # Nobody else has this server's password: roles without a file are an earlier run cut short.
        renew = new_passwords or before is None
        admin = cluster.superuser_dsn(DATABASE)
        logins = bootstrap(admin, kept=before, new_passwords=renew, whole_server=True)
        kept.save(logins, state)
    except BaseException:  # an interrupt, too: nobody else would let go of the cluster; told on as it is
        cluster.close()
        raise
    return cluster, logins


def migrate_here(env: Environment, *, root: Path) -> tuple[Cluster | None, Sequence[str]]:
    """Land what has not landed in the database of that environment.

    Raises:
        BadInput: the bootstrap has not run here.
    """
    state = home(env)
    logins = kept.load(state)
    if logins is None:
        raise BadInput(
            f"there are no logins in {str(state)!r}",
            fix="run `gatehouse bootstrap-db` first",
            field="GATEHOUSE_HOME",
        )
    cluster = open_cluster(state) if database_url(env) is None else None
    try:
        return cluster, _landed(env, logins, root)
    except BaseException:  # as in `bootstrap_here`
        if cluster is not None:
            cluster.close()
        raise


def make_ready(env: Environment, *, root: Path) -> Ready:
    """Bootstrap and migrate: what `up` does before the first process starts. Quick when all is there."""
    cluster, logins = bootstrap_here(env)
    try:
        landed = _landed(env, logins, root)
    except BaseException:  # as in `bootstrap_here`
        if cluster is not None:
            cluster.close()
        raise
    return Ready(cluster, logins, landed)


def _landed(env: Environment, logins: Logins, root: Path) -> Sequence[str]:
    landed = migrate(logins.dsn(OWNER), found(root))
    write_caps(logins.dsn(OWNER), budgets(env), prices(env))
    return landed
