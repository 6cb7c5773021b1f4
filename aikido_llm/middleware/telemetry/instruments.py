"""What OpenTelemetry measures with: the tracer, the logger, and an instrument for each metric of a version."""

import time
from collections.abc import Mapping
from typing import Any, Protocol, Self

from attrs import frozen
from opentelemetry._logs import Logger, get_logger, get_logger_provider
from opentelemetry.context import Context
from opentelemetry.metrics import Meter, get_meter, get_meter_provider
from opentelemetry.trace import Tracer, get_tracer, get_tracer_provider

from ..._version import __version__
from ...types.usage import Usage
from .semconv import Metric, Names

_LIBRARY = "aikido_llm"


class Measure(Protocol):
    """Adds up, or records."""

    def __call__(self, amount: float, attributes: Mapping[str, Any], context: Context) -> None: ...


def _measure(meter: Meter, metric: Metric) -> Measure:
    if metric.counter:
        counter = meter.create_counter(metric.name, metric.unit, metric.description)
        return counter.add
    return meter.create_histogram(
        metric.name, metric.unit, metric.description, explicit_bucket_boundaries_advisory=metric.bounds
    ).record


class Heard:
    """Whether anybody hears: a provider was given, or there is a global one that is not the API's stand-in for none.
    The global ones may be set at any time; they are looked at once a second."""

    def __init__(self, *given: Any) -> None:
        self._given = any(provider is not None for provider in given)
        self._at = 0.0
        self._found = False

    def now(self) -> bool:
        if self._given or self._found:
            return True
        now = time.monotonic()
        if now > self._at:
            self._at = now + _LOOK
            providers: tuple[Any, ...] = (get_tracer_provider(), get_meter_provider(), get_logger_provider())
            self._found = not all(type(provider).__module__.startswith(_STAND_INS) for provider in providers)
        return self._found


_LOOK = 1.0  # s
_STAND_INS = ("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs")


@frozen
class Instruments:
    """tokens: field of Usage, whether it is a counter's, what measures it, with these further attributes."""

    names: Names
    heard: "Heard"
    tracer: Tracer
    logger: Logger
    duration: Measure
    first_chunk: Measure
    next_chunk: Measure
    operation_duration: Measure
    tool_duration: Measure | None
    tokens: tuple[tuple[str, bool, Measure, Mapping[str, str]], ...]

    @classmethod
    def made(cls, names: Names, tracer_provider: Any, meter_provider: Any, logger_provider: Any) -> Self:
        """Providers: None for the global ones, also when those are set later."""
        url = names.schema_url
        meter = get_meter(_LIBRARY, __version__, meter_provider, url)
        return cls(
            names,
            Heard(tracer_provider, meter_provider, logger_provider),
            get_tracer(_LIBRARY, __version__, tracer_provider, url),
            get_logger(_LIBRARY, __version__, logger_provider, url),
            _measure(meter, names.duration),
            _measure(meter, names.first_chunk),
            _measure(meter, names.next_chunk),
            _measure(meter, names.operation_duration),
            _measure(meter, names.tool_duration) if names.tool_duration else None,
            tuple(
                (count, metric.counter, _measure(meter, metric), more)
                for count, metrics in names.tokens.items()
                for metric, more in metrics
            ),
        )

    def count(self, usage: Usage, attributes: Mapping[str, Any], context: Context) -> None:
        """The tokens of one call. Counters of input and output are told 0 where nothing is known."""
        for count, counter, measure, more in self.tokens:
            tokens = getattr(usage, count)
            if tokens is None and counter and count in ("input_tokens", "output_tokens"):
                tokens = 0
            if tokens is not None:
                measure(tokens, {**attributes, **more} if more else attributes, context)
