"""Runs the scripts against the test server and judges what they saw."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from attrs import frozen

from aikido_llm.testing import Answer, Fault, Received, WireServer
from aikido_llm.testing.wires import wire
from aikido_llm.types.tools import ToolCall
from aikido_llm.types.usage import Usage

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv-sdks"
RESULT = "21 degrees"
TEXT = 'Grüße aus 東京 😀, "quoted"\nand a second line.'
USAGE = Usage(11, 7)
CALL = ToolCall("call12345", "look", '{"city":"Zürich \\"West\\" 😀"}')
THEN = "It is 21 degrees."


@frozen
class Pair:
    """An SDK, and the name by which we reach the same wire."""

    sdk: str
    name: str

    @property
    def wire(self) -> str:
        return wire(self.name).name

    @property
    def python(self) -> Path:
        return ENVIRONMENTS / self.sdk / "bin" / "python"

    @property
    def script(self) -> str:
        return f"sdk_{self.sdk.replace('-', '_')}"


PAIRS = (
    Pair("openai", "openai"),
    Pair("openai", "openai-responses"),
    Pair("anthropic", "anthropic"),
    Pair("google-genai", "gemini"),
    Pair("cohere", "cohere"),
    Pair("ollama", "ollama"),
    Pair("mistralai", "mistral"),
)
OVERLOADED = {"anthropic": 529}
STATUS = {"404": 404, "400": 400, "429": 429, "500": 500}


def answer(request: Received) -> Answer:
    """What the scenario that the model's name says shall get."""
    body: dict[str, Any] = request.body
    scenario = str(body.get("model") or request.path.rpartition("models/")[2].partition(":")[0])
    overloaded = OVERLOADED.get(request.provider, 503)
    match scenario:
        case "call":
            answered = RESULT in json.dumps(body)
            return Answer(THEN, usage=USAGE) if answered else Answer(tool_calls=[CALL], usage=USAGE)
        case "cut":
            return Answer(TEXT, usage=USAGE, fault=Fault.close(after_events=3))
        case "inside":
            return Answer(TEXT, usage=USAGE, fault=Fault.error_inside("It broke.", after_events=3))
        case "overloaded":
            return Answer(status=overloaded, message="No capacity.")
        case _ if scenario in STATUS:
            return Answer(status=STATUS[scenario], message=f"This is a {scenario}.")
        case _:
            return Answer(TEXT, usage=USAGE)


def expected(pair: Pair) -> dict[str, Any]:
    """What must be seen: an answer, or the status of the error (None: an error without one)."""
    whole = {"text": TEXT, "usage": [11, 7]}
    called = {"calls": [["look", CALL.parsed()]], "then": THEN}
    wanted: dict[str, Any] = {
        "complete": whole, "stream": whole, "call": called, "call streamed": called,
        "models": ["test-model", "test-model-large"], "401": 401,
    }  # fmt: skip
    for name, status in {**STATUS, "overloaded": OVERLOADED.get(pair.name, 503)}.items():
        wanted |= {name: status, f"{name} streamed": status}
    return {**wanted, "cut": None, "error inside": None}


def judge(wanted: Any, seen: Any) -> str:
    """ "" when it was seen, else what was seen instead."""
    if not (wanted is None or isinstance(wanted, int)):
        return "" if seen == wanted else f"{seen}"
    if not isinstance(seen, dict) or "error" not in seen:
        return f"no error: {seen}"
    return "" if wanted is None or seen["status"] == wanted else f"{seen}"


@frozen
class Outcome:
    """What one program saw. wrong: scenario -> what it saw instead. refused: reasons for which the server said no."""

    passed: int
    total: int
    wrong: dict[str, str]
    refused: list[str]


async def play(pair: Pair, python: Path, script: str) -> Outcome:
    """Run a module of this package against a server of its own."""
    async with WireServer() as server:
        server.respond(answer)
        told = {"url": server.base_url(pair.name), "wire": pair.wire, "name": pair.name, "key": "test-key"}
        process = await asyncio.create_subprocess_exec(
            python, "-m", f"{__package__}.{script}", json.dumps(told), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        refused = [refusal.reason for refusal in server.refused if refusal.status != 401]
    if process.returncode:
        return Outcome(0, 1, {"script": err.decode()[-2000:]}, refused)
    seen = json.loads(out)
    verdicts = {name: judge(wanted, seen.get(name)) for name, wanted in expected(pair).items()}
    wrong = {name: verdict for name, verdict in verdicts.items() if verdict}
    return Outcome(len(verdicts) - len(wrong), len(verdicts), wrong, refused)


async def both(pair: Pair) -> tuple[Outcome, Outcome]:
    """(what the SDK saw, what our client saw)."""
    return await play(pair, pair.python, pair.script), await play(pair, Path(sys.executable), "ours")
