"""`demo --break NAME`: one thing sabotaged, in that world only, to see its figure turn red.

Rule 1: who sabotages is the database's superuser: attacker 3 of the design, who is not prevented and is seen.
Rule 2: each row says which figure must turn red, and before which step of the story it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from evals.world import World


class Break(StrEnum):
    RELEASE_CHECK = "release-check"
    SELF_APPROVAL = "self-approval"
    DROP_SHARE = "drop-share"
    ALTER_ENTRY = "alter-entry"


class Moment(StrEnum):
    BEFORE_ATTACK = "before the attack"
    AT_THE_END = "at the end"


@dataclass(frozen=True, slots=True)
class Sabotage:
    says: str
    moment: Moment
    red: str  # the figure that it turns
    statements: tuple[str, ...]


# It answers "nothing against it", whatever it is asked.
NO_RELEASE_CHECK: Final = """
create or replace function gatehouse.release_refusal(e gatehouse.incoming) returns text
    language sql stable as $$ select null::text $$
"""
# It takes every approval. The product's policies, in front of it, still speak: the attack goes past them.
ANYBODY_APPROVES: Final = """
create or replace function gatehouse.law_proposal_approved(e gatehouse.incoming) returns text
    language plpgsql as $$
begin
    update gatehouse.proposal set last_seq = e.seq where proposal = e.payload->>'proposal';
    return null;
end $$
"""
ONE_SHARE_LESS: Final = """
update gatehouse.position p set quantity = quantity - 1
from (select text::jsonb->'payload'->>'account' as account, text::jsonb->'payload'->>'symbol' as symbol
      from gatehouse.journal
      where event_type = 'OrderFilled' and text::jsonb->'payload'->>'side' = 'buy' order by seq limit 1) f
where p.account = f.account and p.symbol = f.symbol
"""
# The first digit of a release's monotonic clock: nothing but the chain reads it.
ONE_BYTE: Final = """
update gatehouse.journal
set text = regexp_replace(text, '"mono_ns":"(.)', '"mono_ns":"'
    || case substring(text from '"mono_ns":"(.)') when '1' then '2' else '1' end)
where seq = (select min(seq) from gatehouse.journal where event_type = 'OrderReleased')
"""

SABOTAGES: Final[Mapping[Break, Sabotage]] = {
    Break.RELEASE_CHECK: Sabotage(
        "the database's release check is off",
        Moment.BEFORE_ATTACK,
        "venue_messages_without_release",
        (NO_RELEASE_CHECK,),
    ),
    Break.SELF_APPROVAL: Sabotage(
        "anybody may approve her own", Moment.BEFORE_ATTACK, "self_approvals", (ANYBODY_APPROVES,)
    ),
    Break.DROP_SHARE: Sabotage(
        "one filled share is lost from the stored positions",
        Moment.AT_THE_END,
        "positions_match_fold",
        (ONE_SHARE_LESS,),
    ),
    Break.ALTER_ENTRY: Sabotage(
        "one byte of the journal is changed",
        Moment.AT_THE_END,
        "journal_verified",
        (
            "alter table gatehouse.journal disable trigger journal_rows_stay",
            ONE_BYTE,
            "alter table gatehouse.journal enable trigger journal_rows_stay",
        ),
    ),
}


def sabotage(world: World, what: Break) -> None:
    """Do it, as the superuser."""
    with world.superuser() as connection:
        for statement in SABOTAGES[what].statements:
            connection.execute(statement)
