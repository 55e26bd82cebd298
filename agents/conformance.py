"""How a model's endpoint behaves, tried from outside: each item passes or fails with its reason.

Rule 1: nothing that an endpoint says is shown, and no error of its own: a reason is ours. The key is in none.
Rule 2: an item that fails says what that costs; only some are needed to use the endpoint at all.
Rule 3: a test passes what a lawful endpoint may do: a context that holds the long input is no fault.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agents import json_calls
from agents.failing import passed_over
from agents.model import Endpoint, Mode

NAMED: Final = "GATEHOUSE-7431"
LONG: Final = 2_400_000  # characters, some 480,000 tokens: more than most contexts hold
STRANGE: Final = "Zürich 🏦 naïve 你好 مرحبا ½ “quoted”"
CASH: Final = "48,213.77"
LOOK_UP: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "cash_of",
        "description": "The cash of one household. One call a household.",
        "parameters": {
            "type": "object",
            "properties": {
                "household": {"type": "string", "description": "its family name alone, such as Okafor"},
                "kind": {"type": "string", "enum": ["settled", "reserved"]},
                "days": {"type": "integer"},
            },
            "required": ["household", "kind", "days"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
ASKS_ONE: Final = "Call cash_of for the household Okafor, kind settled, days 3. Do not answer otherwise."
ASKS_TWO: Final = (
    "Call cash_of twice in this one answer: for the household Okafor and for the household Nguyen, each of "
    "kind settled and days 3. Do not answer otherwise."
)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was tried."""

    name: str
    ok: bool
    says: str


@dataclass(frozen=True, slots=True)
class Conformance:
    """`modes`: in which it serves; `mode` is the one to set."""

    items: tuple[Item, ...]
    modes: frozenset[Mode]
    says: str

    @property
    def mode(self) -> Mode | None:
        return "tools" if "tools" in self.modes else "json" if self.modes else None


class Falls(Exception):
    """An item fails, for this reason of ours."""


@dataclass(slots=True)
class Trials:
    """The items, on one client of one endpoint."""

    client: Any
    endpoint: Endpoint

    async def answers(self) -> str:
        """A plain question has an answer."""
        if not (await self._asked("Answer with the one word: ready")).content:
            raise Falls("its answer was empty")
        return "a plain question is answered"

    async def streams(self) -> str:
        pieces, finished, _ = await self._streamed("Count from 1 to 20, in digits.")
        if len(pieces) < 2:
            raise Falls(f"the answer came in {len(pieces)} piece: she sees nothing until it is all there")
        if not finished:
            raise Falls("its stream ends without a finish_reason: a cut answer would look whole")
        return "an answer comes as it is made, and says that it has ended"

    async def usage(self) -> str:
        _, _, usage = await self._streamed("Answer with the one word: ready")
        if not usage or not usage.prompt_tokens or not usage.completion_tokens:
            raise Falls("no tokens are reported in its stream: each call costs its whole reservation")
        return "tokens are reported in the stream"

    async def tool_call(self) -> str:
        _called(await self._asked(ASKS_ONE, tools=[LOOK_UP]))
        return "a tool is called, with arguments that are JSON"

    async def strict_arguments(self) -> str:
        for call in _called(await self._asked(ASKS_ONE, tools=[LOOK_UP])):
            if set(call) != {"household", "kind", "days"}:
                raise Falls("fields are missing or made up: the tool refuses, and a thought is lost")
            if call["kind"] not in ("settled", "reserved") or not isinstance(call["days"], int):
                raise Falls(
                    "a field has another type than its schema: the tool refuses, and a thought is lost"
                )
        return "arguments are of the schema's form"

    async def parallel_calls(self) -> str:
        found = _called(await self._asked(ASKS_TWO, tools=[LOOK_UP]))
        if len(found) < 2 or len({str(one.get("household")) for one in found}) < 2:
            raise Falls("several questions are asked one at a time: slower, and good enough")
        return "several tools are called in one answer"

    async def tool_answer(self) -> str:
        asked = {"role": "user", "content": "What is the settled cash of the household Okafor?"}
        arguments = json.dumps({"household": "Okafor", "kind": "settled", "days": 3})
        call = {"id": "call_1", "type": "function", "function": {"name": "cash_of", "arguments": arguments}}
        told = {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"cash": f"${CASH}"})}
        message = await self._sent(
            [asked, {"role": "assistant", "content": None, "tool_calls": [call]}, told], tools=[LOOK_UP]
        )
        if CASH not in str(message.content) and CASH.replace(",", "") not in str(message.content):
            raise Falls("a tool's answer is not read back: it answers without it, or asks again")
        return "a tool's answer is read and told"

    async def json_mode(self) -> str:
        form = json_calls.constraint([LOOK_UP])
        how = "\n".join([json_calls.HOW, json.dumps(LOOK_UP["function"]), ASKS_ONE])
        text = str((await self._asked(how, extra_body=form)).content)
        try:
            found = json.loads(text)
            calls = [call["arguments"]["household"] for call in found["calls"] if call["tool"] == "cash_of"]
        except (ValueError, TypeError, KeyError) as bad:
            raise Falls("what came under a schema is not of the schema") from bad
        if set(found) != {"says", "calls"} or not calls:
            raise Falls("what came under a schema is not of the schema")
        return "a JSON schema holds its answer"

    async def unicode(self) -> str:
        text = str((await self._asked(f"Repeat exactly this, and nothing else: {STRANGE}")).content)
        if unicodedata.normalize("NFC", STRANGE) not in unicodedata.normalize("NFC", text):
            raise Falls("names beyond ASCII come back changed")
        return "names beyond ASCII come back as they are"

    async def too_long(self) -> str:
        """Refused, or read from its first word on; never cut in silence."""
        import openai

        words = f"The code is {NAMED}.\n" + "word " * (LONG // 5) + "\nWhich code stands in the first line?"
        try:
            text = str((await self._asked(words)).content)
        except openai.APIStatusError as no:
            if no.status_code in (400, 413, 422):
                return f"an input that is too long is refused ({no.status_code})"
            raise
        if NAMED not in text:
            raise Falls("an input that is too long is cut in silence: an answer may miss what she asked")
        return f"it reads {LONG:,} characters from the first to the last"

    async def unknown_model(self) -> str:
        import openai

        try:
            await self._asked("Answer with the one word: ready", model="gatehouse-no-such-model")
        except openai.APIStatusError as no:
            if 400 <= no.status_code < 500:
                return f"a model that it does not have is refused ({no.status_code})"
            raise
        raise Falls("any name is answered: the model that is named may not be the one that thinks")

    async def cancellation(self) -> str:
        stream = await self._stream("Count from 1 to 500, in words, one a line.")
        async for _ in stream:
            break
        await stream.close()
        try:
            async with asyncio.timeout(self.endpoint.waits.first.total_seconds()):
                await self._asked("Answer with the one word: ready")
        except TimeoutError as late:
            raise Falls(
                "after an answer was left, the next one waits: it goes on writing for nobody"
            ) from late
        return "an answer that is left stops nobody"

    async def failures(self) -> str:
        """Our own part: no endpoint can be asked to fail."""
        took = await passed_over()
        return f"429, 500 and silence are passed over, each within {took.total_seconds():.1f} s (played here)"

    async def _asked(self, text: str, **more: Any) -> Any:
        return await self._sent([{"role": "user", "content": text}], **more)

    async def _sent(self, messages: list[Mapping[str, Any]], **more: Any) -> Any:
        given = {"model": self.endpoint.model, "max_completion_tokens": 400, "temperature": 0, **more}
        answer = await self.client.chat.completions.create(messages=messages, **given)
        return answer.choices[0].message

    async def _stream(self, text: str) -> Any:
        return await self.client.chat.completions.create(
            model=self.endpoint.model,
            messages=[{"role": "user", "content": text}],
            stream=True,
            stream_options={"include_usage": True},
            max_completion_tokens=400,
            temperature=0,
        )

    async def _streamed(self, text: str) -> tuple[list[str], bool, Any]:
        pieces: list[str] = []
        finished, usage = False, None
        async for chunk in await self._stream(text):
            usage = chunk.usage or usage
            for choice in chunk.choices[:1]:
                pieces += [choice.delta.content] if choice.delta.content else []
                finished = finished or choice.finish_reason is not None
        return pieces, finished, usage


ITEMS: Final = (
    *("answers", "streams", "usage", "tool_call", "strict_arguments", "parallel_calls", "tool_answer"),
    *("json_mode", "unicode", "too_long", "unknown_model", "cancellation", "failures"),
)
BASIC: Final = frozenset({"answers", "streams", "unicode"})
FOR_TOOLS: Final = BASIC | {"tool_call", "strict_arguments", "tool_answer"}
FOR_JSON: Final = BASIC | {"json_mode"}
FAST_ENDS: Final = "it was not tried: the endpoint does not answer"


async def conform(endpoint: Endpoint, *, tells: Callable[[Item], None] = lambda _: None) -> Conformance:
    """Try every item, each for at most as long as a thought may take; `tells` hears of each as it ends."""
    import openai

    waits = endpoint.waits
    client = openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key() or "none",
        max_retries=0,
        timeout=openai.Timeout(waits.whole.total_seconds(), connect=waits.connect.total_seconds()),
    )
    found: list[Item] = []
    async with client:
        trials = Trials(client, endpoint)
        for name in ITEMS:
            dead = bool(found) and not found[0].ok and name != "failures"
            item = Item(name, False, FAST_ENDS) if dead else await _tried(trials, name)
            found.append(item)
            tells(item)
    return _summed(tuple(found))


async def _tried(trials: Trials, name: str) -> Item:
    import openai

    trial: Callable[[], Awaitable[str]] = getattr(trials, name)
    ours = 60.0 if name == "failures" else 0.0  # no endpoint's time holds for what is played here
    whole = max(ours, trials.endpoint.waits.whole.total_seconds())
    try:
        async with asyncio.timeout(whole):
            return Item(name, True, await trial())
    except Falls as no:
        return Item(name, False, str(no))
    except (TimeoutError, openai.APITimeoutError):
        return Item(name, False, f"no answer within {whole:.0f} s")
    except openai.APIStatusError as no:
        return Item(name, False, f"it answered status {no.status_code}")
    except openai.APIConnectionError:
        return Item(name, False, "it cannot be reached, or hangs up")
    except (openai.OpenAIError, ValueError, TypeError, KeyError, AttributeError, IndexError) as bad:
        return Item(
            name, False, f"its answer has another shape than the protocol says ({type(bad).__name__})"
        )


def _called(message: Any) -> list[dict[str, Any]]:
    """The arguments of each call of `cash_of`.

    Raises:
        Falls: there is none, or one is not JSON.
    """
    calls = message.tool_calls or []
    if not calls:
        raise Falls("no tool is called: its questions come as text")
    if any(call.function.name != LOOK_UP["function"]["name"] for call in calls):
        raise Falls("a tool is called that it was not offered")
    if len({call.id for call in calls}) < len(calls) or not all(call.id for call in calls):
        raise Falls("its calls have no ids of their own: answers could not be told apart")
    try:
        found = [json.loads(call.function.arguments) for call in calls]
    except ValueError as bad:
        raise Falls("a tool's arguments are not JSON") from bad
    if not all(isinstance(one, dict) and "okafor" in json.dumps(found).casefold() for one in found):
        raise Falls("a tool is called about somebody else")
    return found


def _summed(items: tuple[Item, ...]) -> Conformance:
    passed = {item.name for item in items if item.ok}
    modes: set[Mode] = set()
    if passed >= FOR_TOOLS:
        modes.add("tools")
    if passed >= FOR_JSON:
        modes.add("json")
    missing = ", ".join(name for name in ITEMS if name in FOR_TOOLS - passed)
    if "tools" in modes:
        says = "set GATEHOUSE_MODEL_MODE=tools (the default)"
    elif modes:
        says = f"set GATEHOUSE_MODEL_MODE=json: {missing} fail"
    else:
        says = f"it cannot serve the copilot: {missing} fail, and JSON mode does not help"
    return Conformance(items, frozenset(modes), says)
