"""A firm of 10,000 accounts in a database, with a program's key for each advisor's book, to place orders in.

Rule 1: the firm is that of `bench gate`, written as rows at once: the founding of so many accounts by the
    journal would take longer than the bench. What an order does afterwards goes the product's own way.
Rule 2: the server is an embedded one with the product's settings: what is acknowledged is on the disk.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from psycopg.types.json import Jsonb

from core.book.picture import Account
from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import OWNER, Logins
from core.database.migrate import found, migrate
from core.database.pools import connect
from core.direct.askers import KEY_BEGINS
from core.direct.orders import Asked
from core.ids import PersonId
from evals.bench.gate_world import BEFORE, CUSTODIAN, NOW, SESSION, GateWorld

ROOT: Final = Path(__file__).resolve().parents[2]
ADVISORS: Final = 50
Rows = Iterator[Sequence[Any]]


class OrdersWorld:
    """Opened when made; `close` stops the server and removes its folder. `keys` are by advisor."""

    def __init__(self, *, accounts: int, symbols: int) -> None:
        self.firm = GateWorld(accounts=accounts, symbols=symbols)
        self.clock = WallClock()
        self.home = Path(tempfile.mkdtemp(prefix="gh-"))
        self.home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self.home)
        self.admin_dsn = self._cluster.superuser_dsn("gatehouse")
        self.logins: Logins = bootstrap(self.admin_dsn, kept=None, new_passwords=True, whole_server=True)
        migrate(self.logins.dsn(OWNER), found(ROOT))
        self.superuser = connect(self.admin_dsn, name="bench")
        advisors = sorted({picture.household.advisor for picture in self.firm.pictures})
        self.keys = {advisor: KEY_BEGINS + secrets.token_urlsafe(32) for advisor in advisors}
        self.tickets = {advisor: secrets.token_urlsafe(32) for advisor in advisors}
        self._write()
        self._named = 0

    def value(self, statement: str) -> Any:
        row = self.superuser.execute(statement.encode()).fetchone()
        return None if row is None else next(iter(row.values()))

    def orders(self, count: int) -> Iterator[tuple[str, Asked]]:
        """Orders, each with the key that it is placed with."""
        for leg, at in self.firm.legs(count):
            advisor = self.firm.pictures[at].household.advisor
            self._named += 1
            yield (
                self.keys[advisor],
                Asked(
                    client_order=f"bench-{self._named}",
                    account=leg.account,
                    advisor=advisor,
                    symbol=leg.symbol,
                    side=leg.side,
                    quantity=leg.quantity,
                    order_type=leg.order_type,
                    limit_price=leg.limit_price,
                ),
            )

    def close(self) -> None:
        self.superuser.close()
        self._cluster.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _write(self) -> None:
        people: list[Sequence[Any]] = [(advisor, advisor, "advisor", [], 0) for advisor in self.keys]
        programs: list[Sequence[Any]] = [
            (_program(advisor), _program(advisor), "machine", [], 0) for advisor in self.keys
        ]
        sessions = {advisor: uuid4() for advisor in self.keys}
        until = self.clock.now().replace(year=self.clock.now().year + 1)
        self._copy("person (person, login, role, related_households, engaged_seq)", people + programs)
        self._copy(
            "session (session, ticket_hash, person, opened_at, expires_at)",
            [
                *((sessions[a], _hash(self.keys[a]), _program(a), NOW, until) for a in self.keys),
                *((uuid4(), _hash(self.tickets[a]), a, NOW, until) for a in self.keys),
            ],
        )
        self._copy(
            "machine (machine, advisor, session, admitted_by, admitted_at, expires_at)",
            [(_program(a), a, sessions[a], a, NOW, until) for a in self.keys],
        )
        self.superuser.execute(
            "insert into gatehouse.market_day (session, at, state) values (%s, %s, 'open')", [SESSION, NOW]
        )
        homes = [picture.household for picture in self.firm.pictures]
        self._copy("household (household, advisor, related)", ((h.id, h.advisor, h.related) for h in homes))
        accounts = [account for home in homes for account in home.accounts]
        self._copy(
            "account (account, household, advisor, owners, kind, capacity, discretionary, custodian, status)",
            (
                (a.id, a.household, a.advisor, ["cli"], a.kind, a.capacity, True, a.custodian, a.status)
                for a in accounts
            ),
        )
        self._copy("holding (account, symbol, held)", _holdings(accounts))
        self._copy(
            "lot (lot, account, advisor, symbol, quantity, cost_per_share, acquired_on, as_of_seq)",
            (
                (lot.id, a.id, a.advisor, lot.symbol, lot.quantity, lot.cost_per_share, lot.acquired_on, 0)
                for a in accounts
                for lot in a.lots
            ),
        )
        self._copy(
            "cash (account, advisor, settled, unsettled, held, as_of_seq)",
            ((a.id, a.advisor, a.cash.settled, a.cash.unsettled, a.cash.held, 0) for a in accounts),
        )
        self._copy(
            "reference (kind, id, advisor, household, account, state, as_of_seq)", self._references(accounts)
        )
        self._copy(
            "quote (symbol, venue, bid, ask, session, taken_at, synthetic)",
            (
                (price.symbol, venue, price.price, price.price, SESSION, NOW, True)
                for price in self.firm.market.prices.values()
                for venue in ("ARCADIA", "BOREAL")
            ),
        )
        # What is filled is known to the planner. Of what is empty it would keep a plan for no rows.
        for table in (
            "person",
            "session",
            "machine",
            "household",
            "account",
            "holding",
            "lot",
            "cash",
            "reference",
            "quote",
        ):
            self.superuser.execute(f"analyze gatehouse.{table}".encode())

    def _references(self, accounts: Sequence[Account]) -> Rows:
        market = self.firm.market
        for one in market.instruments.values():
            state = {
                **{name: getattr(one, name) for name in ("symbol", "name", "kind", "issuer", "sector")},
                **{name: str(getattr(one, name)) for name in ("tick", "average_daily_volume", "spread_bps")},
                "tradable": one.tradable,
                "synthetic": one.synthetic,
            }
            yield "instrument", one.symbol, None, None, None, Jsonb(state), 0
        custody = {
            "custodian": CUSTODIAN,
            "name": "Custody",
            "venues": ["ARCADIA", "BOREAL"],
            "fractional_shares": False,
            "ticket_fee": "0",
        }
        yield "custodian", CUSTODIAN, None, None, None, Jsonb(custody), 0
        for symbol in market.restricted:
            yield "restriction", symbol, None, None, None, Jsonb({"symbol": symbol}), 0
        for picture in self.firm.pictures:
            home = picture.household
            profile = {
                "objective": home.objective,
                "recorded_on": str(home.profile_recorded_on),
                "horizon_years": home.horizon_years,
                "liquidity_need": home.liquidity_need,
            }
            yield "profile", home.id, home.advisor, home.id, None, Jsonb(profile), 0
        for account in accounts:
            whose = (account.advisor, account.household, account.id)
            yield "account", account.id, *whose, Jsonb({"model": None}), 0
            ips = {"adopted_on": str(BEFORE), "cash_floor": "5000", "max_issuer_weight": "0.25"}
            yield "ips", account.id, *whose, Jsonb(ips), 0
            for symbol in account.do_not_trade:
                yield "do_not_trade", f"{account.id}/{symbol}", *whose, Jsonb({"symbol": symbol}), 0

    def _copy(self, into: str, rows: Any) -> None:
        columns = f"copy gatehouse.{into} from stdin"
        with self.superuser.cursor() as cursor, cursor.copy(columns.encode()) as copy:
            for row in rows:
                copy.write_row(row)


def _holdings(accounts: Sequence[Account]) -> Rows:
    for account in accounts:
        for symbol in account.symbols():
            yield account.id, symbol, account.shares(symbol)
        yield account.id, "cash", account.cash.settled


def _program(advisor: PersonId) -> str:
    return f"mch-{advisor}"


def _hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
