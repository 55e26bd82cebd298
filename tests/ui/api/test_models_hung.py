"""While a model hangs, people go on: approved orders are filled, others cancelled, trading is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.agents.endpoint import Played, endpoint
from tests.fixtures.office import Office, open_office
from tests.fixtures.processes import until
from tests.fixtures.servers import TestServer
from tests.ui.api.test_parked import MARIA, ROBERT, approved, discretionary, parked
from tests.ui.api.test_placing import order, resting

pytestmark = [pytest.mark.database, pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def hung(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Played]]:
    """The firm at work, and a copilot that thinks with an endpoint which first works and then hangs."""
    folder = tmp_path_factory.mktemp("hung-office")
    played = Played(agent="proposal", tool="propose_order")
    with endpoint(played) as url, open_office(server, folder, screens=False, copilot="real") as office:
        office.thinker.kill()
        office.thinker.env = {
            **office.thinker.env,
            "GATEHOUSE_MODEL": "double",
            "OPENAI_BASE_URL": url,
            "GATEHOUSE_MODEL_WAITS": "3,60,120",
        }
        office.thinker.start()
        until(office.thinker.healthy, bool, within=60)
        yield office, played


def test_approved_orders_cancels_and_halts_go_on_while_the_model_hangs(hung: tuple[Office, Played]) -> None:
    office, played = hung
    maria = office.of(MARIA)
    household, account = discretionary(maria, skip=0)
    played.arguments = (
        f'{{"account_words": "{account}", "side_words": "buy", "quantity_words": "3", "symbol_words": "KO"}}'
    )
    proposal = parked(maria, maria.open_thread(household), f"Buy 3 KO in {account}")
    played.mode = "hangs"
    told: list[Any] = []
    asks = office.of(MARIA)
    waiting = maria.open_thread(household)
    asking = threading.Thread(
        target=lambda: told.extend(asks.say(waiting, "What does this household hold?", key=uuid4().hex))
    )
    asked = len(played.asked)
    asking.start()
    until(lambda: len(played.asked) > asked, bool, within=60)
    approved(office, proposal)
    rests = order(office, order_type="limit", limit_price=resting(office))
    placed = maria.place_order(rests)
    office.of(ROBERT).decide(placed["proposal_id"], "approve", {"digest": placed["digest"]})
    until(lambda: maria.order(placed["order_id"])["status"], lambda status: status == "ACCEPTED")
    maria.cancel_order(placed["order_id"])
    until(lambda: maria.order(placed["order_id"])["status"], lambda status: status == "CANCELLED")
    assert maria.proposal(proposal)["status"] in ("RELEASED", "FILLED")
    halted = maria.halt(f"household:{household}", "while the model hangs", key=uuid4().hex)
    assert halted
    assert not [event for event in told if event.name == "answer"], "the model still hangs"
    played.over.set()
    asking.join(60)
    [answer] = [event.data for event in told if event.name == "answer"]
    assert answer["model"] == "offline"
    assert answer["text"].startswith("The model does not answer just now")
