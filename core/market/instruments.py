"""The instruments that the demo firm knows, and what version one trades of them.

Rule 1: version one trades listed US shares and ETFs. The rest may be held and shown; its trading is refused.
Rule 2: names, issuers and sectors of the shares and factor ETFs are real. Volume and spread of everything are
synthetic; so is all of an instrument whose `synthetic` is true.
Rule 3: an ETF is its own issuer: a limit on one company's share of an account does not add funds together.
Rule 4: the index has closes (`core.market.closes.INDEX`) and is no instrument.

Source: sectors as the S&P 500 had them at the end of 2022 (Global Industry Classification Standard).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final, Literal

from core.errors import NotFound
from core.ids import Symbol
from core.market import synthetic

Kind = Literal["share", "etf", "cash_sweep", "mutual_fund", "bond", "option", "crypto"]

TRADABLE_KINDS: Final[frozenset[Kind]] = frozenset({"share", "etf"})

_SHARES: Final[tuple[tuple[str, str, str], ...]] = (
    ("AAPL", "Apple Inc.", "Information Technology"),
    ("AMD", "Advanced Micro Devices, Inc.", "Information Technology"),
    ("BAC", "Bank of America Corporation", "Financials"),
    ("BBY", "Best Buy Co., Inc.", "Consumer Discretionary"),
    ("CVX", "Chevron Corporation", "Energy"),
    ("GE", "General Electric Company", "Industrials"),
    ("HD", "The Home Depot, Inc.", "Consumer Discretionary"),
    ("JNJ", "Johnson & Johnson", "Health Care"),
    ("JPM", "JPMorgan Chase & Co.", "Financials"),
    ("KO", "The Coca-Cola Company", "Consumer Staples"),
    ("LLY", "Eli Lilly and Company", "Health Care"),
    ("MRK", "Merck & Co., Inc.", "Health Care"),
    ("MSFT", "Microsoft Corporation", "Information Technology"),
    ("PEP", "PepsiCo, Inc.", "Consumer Staples"),
    ("PFE", "Pfizer Inc.", "Health Care"),
    ("PG", "The Procter & Gamble Company", "Consumer Staples"),
    ("RRC", "Range Resources Corporation", "Energy"),
    ("UNH", "UnitedHealth Group Incorporated", "Health Care"),
    ("WMT", "Walmart Inc.", "Consumer Staples"),
    ("XOM", "Exxon Mobil Corporation", "Energy"),
)

_FACTOR_ETFS: Final[tuple[tuple[str, str], ...]] = (
    ("MTUM", "iShares MSCI USA Momentum Factor ETF"),
    ("QUAL", "iShares MSCI USA Quality Factor ETF"),
    ("SIZE", "iShares MSCI USA Size Factor ETF"),
    ("USMV", "iShares MSCI USA Min Vol Factor ETF"),
    ("VLUE", "iShares MSCI USA Value Factor ETF"),
)

_SYNTHETIC: Final[tuple[tuple[str, str, Kind, str, str], ...]] = (
    # symbol, name, kind, issuer, sector; each name is completed with "(synthetic)"
    (synthetic.BOND_ETF, "Aggregate Bond ETF", "etf", "Aggregate Bond ETF", "Fixed Income"),
    (synthetic.CASH_SWEEP, "Cash Sweep", "cash_sweep", "Cash Sweep", "Cash"),
    ("GHLVX", "Large Value Fund, class I", "mutual_fund", "Large Value Fund", "US Equity Fund"),
    ("GHMUNI31", "Municipal bond 4 % 2031", "bond", "Municipal issuer", "Fixed Income"),
    ("AAPL230317C00150000", "AAPL 17 Mar 2023 150 call", "option", "Apple Inc.", "Options"),
    ("BTC", "Bitcoin", "crypto", "Bitcoin", "Digital Asset"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument. Volume in shares a day and spread in basis points are synthetic, always."""

    symbol: Symbol
    name: str
    kind: Kind
    issuer: str
    sector: str
    tick: Decimal
    tradable: bool
    synthetic: bool
    average_daily_volume: Decimal
    spread_bps: Decimal


@cache
def listings() -> tuple[Listing, ...]:
    """Everything that may be held, shares first."""
    return tuple(_all())


def listing(symbol: Symbol) -> Listing:
    """The instrument of that symbol.

    Raises:
        NotFound: no such instrument.
    """
    for row in listings():
        if row.symbol == symbol:
            return row
    raise NotFound(f"no instrument {symbol!r}", fix="look the symbol up in the list of instruments")


def _all() -> Iterator[Listing]:
    for symbol, name, sector in _SHARES:
        yield _listing(symbol, name, "share", name, sector, made_up=False)
    for symbol, name in _FACTOR_ETFS:
        yield _listing(symbol, name, "etf", name, "US Equity Fund", made_up=False)
    for symbol, name, kind, issuer, sector in _SYNTHETIC:
        yield _listing(symbol, f"{name} (synthetic)", kind, issuer, sector, made_up=True)


def _listing(symbol: str, name: str, kind: Kind, issuer: str, sector: str, *, made_up: bool) -> Listing:
    code = Symbol(symbol)
    share = kind == "share"
    tradable = kind in TRADABLE_KINDS
    daily = (3_000_000, 80_000_000) if share else (400_000, 3_000_000)
    tenths = (8, 40) if share else (15, 60)
    return Listing(
        symbol=code,
        name=name,
        kind=kind,
        issuer=issuer,
        sector=sector,
        tick=Decimal("0.01"),
        tradable=tradable,
        synthetic=made_up,
        average_daily_volume=synthetic.average_daily_volume(code, *daily) if tradable else Decimal(0),
        spread_bps=synthetic.spread_bps(code, *tenths) if tradable else Decimal(0),
    )
