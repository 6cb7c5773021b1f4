"""What it costs to sign a request as a cloud wants it, beside a key in a header: CPU per request, the credential held.

The body is hashed, so that the size matters; a key costs the same for any.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from attrs import evolve

from aikido_llm.auth.aws import SIGNING
from aikido_llm.auth.base import Credential
from aikido_llm.call.signing import Signer
from aikido_llm.providers import find
from aikido_llm.secret import Key
from aikido_llm.transport.base import Headers

from .measure import Goal, Row, Setting, median, pure

_URL = "https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions"
_HEADERS = Headers({"Content-Type": "application/json", "Accept": "text/event-stream", "User-Agent": "aikido-llm"})


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(200, 5)
    with asyncio.Runner() as runner:
        for size in (2_000, 20_000):
            runs = {"signed": _asked(runner, None, size, count), "key": _asked(runner, "a-key", size, count)}
            times = pure(runs, setting.rounds(20), count)
            more = [(mine - base) / 1000 for mine, base in zip(times["signed"], times["key"], strict=True)]
            value, spread = median(more)
            details = {name: median(spent)[0] / 1000 for name, spent in times.items()}
            yield Row("signing", f"{size // 1000} kB", "ours", value, "µs more", spread, Goal(100), details)


def _found(settings: Mapping[str, str]) -> Credential:
    return Credential({"id": "AKIDEXAMPLE", "secret": "s" * 40, "token": "t" * 600}, known={"region": "eu-west-1"})


def _asked(runner: asyncio.Runner, key: str | None, size: int, count: int) -> Callable[[], object]:
    row = evolve(find("bedrock"), auth=evolve(SIGNING, find=_found))
    signer, body = Signer(row.with_options({}), Key(key)), b"x" * size

    async def ask() -> None:
        for _ in range(count):
            await signer.sign("POST", _URL, lambda: _HEADERS, body)

    return lambda: runner.run(ask())
