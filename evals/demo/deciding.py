"""Steps 4 to 6: people decide, the worker trades, one is declined and one denied at release."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from core.errors import WorldFailed
from core.firm.story import STORY
from core.ids import HouseholdId
from evals.demo.scene import Scene
from evals.demo.talking import drafted
from evals.person import No

OUT_OF_BAND: Final = "12"  # percent
REFUSED_RELEASES: Final = """
select count(*) from gatehouse.journal where event_type = 'AttemptRefused' and role = 'gh_gate'
  and text::jsonb->'payload'->>'attempted' = 'OrderReleased' and text::jsonb->'payload'->>'code' = %(code)s
"""
BUY_BEFORE_ITS_SELLS: Final = """
with leg as (
    select l.value as leg from gatehouse.journal j,
           jsonb_array_elements((j.text::jsonb->'payload'->>'content')::jsonb->'legs') l
    where j.event_type = 'ProposalAssessed' and j.stream = any (%(streams)s)
), released as (
    select text::jsonb->'payload'->>'order' as id, seq
    from gatehouse.journal where event_type = 'OrderReleased'
), last_fill as (
    select text::jsonb->'payload'->>'order' as id, max(seq) as seq from gatehouse.journal
    where event_type = 'OrderFilled' group by 1
)
select count(*) from leg buy
join released r on r.id = buy.leg->>'order'
join jsonb_array_elements_text(buy.leg->'funded_by') f (number) on true
join leg sell on sell.leg->>'account' = buy.leg->>'account' and (sell.leg->>'leg') = f.number
join last_fill s on s.id = sell.leg->>'order'
where buy.leg->>'side' = 'buy' and r.seq < s.seq
"""


def submitted(scene: Scene, household: HouseholdId) -> Any:
    """The advisor submits exactly what she sees."""
    found = scene.proposal(household)
    no = scene.advisor.decides("submit", found, reasons={})
    if isinstance(no, No):
        raise WorldFailed(f"the submission of {household} was refused: {no.says}", fix="see the front's log")
    return scene.proposal(household)


def decide(scene: Scene) -> None:
    scene.step(4, "She submits it; she cannot approve it; a principal can. A client's consent is waited for")
    first = STORY.rebalance_discretionary
    seen = submitted(scene, first)
    scene.say(f"submitted by {scene.advisor.login}, fingerprint {seen['digest'][:16]}…")
    own = scene.advisor.decides("approve", seen, reasons={})
    scene.claim(f"her own approval is refused ({own.code if isinstance(own, No) else 'it was taken'})",
                isinstance(own, No) and own.code == "self_approval")  # fmt: skip
    his = scene.principal.get(f"/v1/proposals/{seen['proposal']}")
    approved = scene.principal.decides("approve", his, reasons={})
    scene.claim(f"{scene.principal.login} approves the fingerprint that she submitted and he saw",
                not isinstance(approved, No) and his["digest"] == seen["digest"])  # fmt: skip
    _with_consent(scene)


def _with_consent(scene: Scene) -> None:
    second = STORY.rebalance_non_discretionary
    drafted(scene, second)
    seen = submitted(scene, second)
    scene.principal.decides("approve", seen, reasons={})
    scene.world.until(
        lambda: scene.count(REFUSED_RELEASES, {"code": "consent_missing"}) > 0,
        "the worker's release without consent is refused",
    )
    waits = scene.proposal(second)
    scene.claim("approved without the client's consent it waits; the release was refused(consent_missing)",
                waits["status"] == "APPROVED" and waits["waits_for"] == "consent")  # fmt: skip
    clients = _consents(scene, second)
    gone = scene.proposal(second)
    scene.claim(f"consent of {' and of '.join(clients)} to the same fingerprint is recorded, and it goes",
                bool(gone["consented"]) and gone["digest"] == seen["digest"])  # fmt: skip


def _consents(scene: Scene, household: HouseholdId) -> list[str]:
    """Record the clients' consent, one after the other, until no account waits for one. Their names."""
    names: list[str] = []
    for client in scene.advisor.get(f"/v1/households/{household}")["clients"]:
        proposal = scene.proposal(household)
        if proposal["consented"]:
            break
        answer = scene.advisor.decides("consent", proposal, client=client["client"], channel="phone")
        if not isinstance(answer, No):
            names.append(str(client["name"]))
    scene.consents += len(names)
    return names


def trade(scene: Scene) -> None:
    scene.step(5, "The worker releases, routes and sends; fills come in parts; the conversation goes on")
    both = (STORY.rebalance_discretionary, STORY.rebalance_non_discretionary)
    for household in both:
        found = scene.reaches(household, _filled, f"the orders of {household} are filled")
        for order in found["orders"]:
            scene.say(f"{order['side']:<4} {Decimal(order['quantity']):>6f} {order['symbol']:<5} "
                      f"{order['status'].lower():<8} at {order['venue']} ({_losers(order)})")  # fmt: skip
    streams = [f"proposal/{scene.cases[household].proposal}" for household in both]
    parts = "select count(*) from gatehouse.journal where event_type = 'OrderFilled'"
    orders = sum(len(scene.proposal(household)["orders"]) for household in both)
    fills = scene.count(parts, {})
    scene.claim(f"{orders} orders were filled in {fills} parts", fills > orders > 0)
    early = scene.count(BUY_BEFORE_ITS_SELLS, {"streams": streams})
    scene.claim("every buy waited for the fills of the sells that fund it", early == 0)
    _goes_on(scene, both[0])


def _filled(proposal: Mapping[str, Any]) -> bool:
    return bool(proposal["orders"]) and all(order["status"] == "FILLED" for order in proposal["orders"])


def _losers(order: Mapping[str, Any]) -> str:
    others = [score["says"] for score in order["scores"] if score["venue"] != order["venue"]]
    return "; ".join(says for says in others if says)[:90] or "no other venue"


def _goes_on(scene: Scene, household: HouseholdId) -> None:
    """The conversation that was parked when the copilot was killed tells what became of it."""
    thread = scene.cases[household].thread
    nudged = scene.advisor.post(f"/v1/threads/{thread}/nudge", {})
    said = scene.advisor.get(f"/v1/threads/{thread}/messages")
    scene.quote("copilot", said[-1]["text"], lines=8)
    scene.claim("the conversation that was parked in the database goes on with the result",
                nudged["answered"] and said[-1]["role"] == "copilot" and len(said) > 2)  # fmt: skip


def say_no(scene: Scene) -> None:
    scene.step(6, "One is declined with a reason; one leaves its price band before it is released")
    declined = STORY.to_decline
    drafted(scene, declined)
    seen = submitted(scene, declined)
    scene.principal.decides(
        "decline", seen, reason="The client retires in March; speak about the target first."
    )
    ended = scene.proposal(declined)
    scene.claim(f"declined, and the advisor reads why: “{ended['closing']}”",
                ended["status"] == "DECLINED" and bool(ended["closing"]))  # fmt: skip
    _out_of_band(scene)


def _out_of_band(scene: Scene) -> None:
    household = STORY.to_leave_band
    drafted(scene, household)
    seen = submitted(scene, household)
    scene.world.hold("worker")
    scene.principal.decides("approve", seen, reasons={})
    symbols = sorted({leg["symbol"] for leg in seen["legs"]})
    before = scene.quotes()
    scene.world.steer({"faults": {"shift": dict.fromkeys(symbols, OUT_OF_BAND)}})
    scene.say(f"the worker is stopped, the principal approves, {', '.join(symbols)} move by {OUT_OF_BAND} %")
    scene.world.let_go("worker")
    ended = scene.reaches(household, lambda p: p["status"] != "APPROVED", f"{household} is decided on")
    scene.world.steer({"faults": {"shift": dict.fromkeys(symbols, "0")}})
    scene.world.until(lambda: scene.quotes() == before, "the quotes are back")
    for difference in ended["differences"][:3]:
        scene.say(f"difference: {difference}")
    orders = {leg["order"] for leg in ended["legs"]}
    sent = [line for line in scene.messages() if line["order"] in orders]
    scene.claim("denied at release with the differences, and nothing of it was sent",
                ended["status"] == "DENIED" and ended["denied_at"] == "release"
                and bool(ended["differences"]) and not sent)  # fmt: skip
