"""What stands around a client: what it costs beside the bare one."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import aikido_llm as llm
from aikido_llm.middleware import observed
from aikido_llm.testing import StubClient

from .answers import PROVIDERS, url_of
from .measure import HERE, OURS, ROOT, Goal, Row, Setting, Worker, interleave, median, ratios, workers

AROUND = ("around", sys.executable, HERE / "ours.py", "Around")

_DIALECT = "openai_chat"
_ASK = llm.Request("hi", model="m")


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, AROUND) as running:
        yield from _completes(setting, running)
        yield from _streams(setting, running)
    yield _telemetry(setting)
    yield _import(setting)


def _completes(setting: Setting, running: dict[str, Worker]) -> Iterator[Row]:
    for at_once in (1, 64):
        job = {"verb": "complete", "dialect": _DIALECT, "provider": PROVIDERS[_DIALECT]}
        job["url"] = url_of(setting.root, _DIALECT, "text20")
        count = {"at_once": at_once, "count": setting.size(512, 64)}
        samples = interleave(running, setting.rounds(12), {**job, **count})
        value, spread = median(ratios(samples["around"], samples["ours"]))
        details = {f"{_WHO[who]} µs": median([run["cpu"] * 1e6 for run in runs])[0] for who, runs in samples.items()}
        yield Row("middleware", f"a complete, {at_once} at once", "ours", value, "× bare", spread, Goal(1.25), details)


def _streams(setting: Setting, running: dict[str, Worker]) -> Iterator[Row]:
    for shape, name in {"16384": "coalesced", "0": "one per write"}.items():
        count = setting.size(10_000, 200)
        job = {"verb": "stream", "dialect": _DIALECT, "provider": PROVIDERS[_DIALECT], "tools": False}
        job["url"] = url_of(setting.root, _DIALECT, f"text{count}", shape)
        samples = interleave(running, setting.rounds(12), job)
        value, spread = median(ratios(samples["around"], samples["ours"]))
        details = {
            f"{_WHO[who]} µs": median([run["cpu"] / count * 1e6 for run in runs])[0] for who, runs in samples.items()
        }
        yield Row("middleware", f"an event, {name}", "ours", value, "× bare", spread, Goal(1.02), details)


_WHO = {"ours": "bare", "around": "around"}


def _telemetry(setting: Setting) -> Row:
    """A complete through `observed`, above one that is not: the SDK's spans and metrics, which nobody gets."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Dropping(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    tracing = TracerProvider()
    tracing.add_span_processor(BatchSpanProcessor(Dropping()))
    answer = asyncio.run(StubClient([llm.UsageEvent(llm.Usage(9, 6)), "one two"][::-1]).complete(_ASK))

    class Answering(StubClient):
        async def complete(self, request: llm.Request) -> llm.Response:
            return answer

    count = setting.size(2000, 50)
    bare, around = Answering(), observed(Answering(), tracing, MeterProvider())
    above: list[float] = []
    for number in range(setting.rounds(10) + 1):
        cost = asyncio.run(_cpu_of(around, count)) - asyncio.run(_cpu_of(bare, count))
        if number:
            above.append(cost / count * 1e6)
    tracing.shutdown()
    value, spread = median(above)
    return Row("middleware", "observed, the SDK's spans dropped", "ours", value, "µs a call", spread, Goal(80.0))


async def _cpu_of(client: Any, count: int) -> float:
    begun = time.process_time()
    for _ in range(count):
        await client.complete(_ASK)
    return time.process_time() - begun


def _import(setting: Setting) -> Row:
    above: list[float] = []
    for number in range(setting.rounds(10) + 1):
        cost = _cpu("import aikido_llm.middleware") - _cpu("import aikido_llm")
        if number:
            above.append(max(cost, 1e-6) * 1e3)
    value, spread = median(above)
    return Row("middleware", "import aikido_llm.middleware", "ours", value, "ms", spread, Goal(5.0))


def _cpu(code: str) -> float:
    """CPU seconds of a process that runs code, its byte code kept."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(ROOT / ".bench" / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment) as process:
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return used.ru_utime + used.ru_stime
