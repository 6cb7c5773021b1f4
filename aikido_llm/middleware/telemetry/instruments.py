"""What OpenTelemetry measures with: the tracer, the logger, and an instrument for each metric of a version."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from attrs import frozen
from opentelemetry._logs import Logger, get_logger
from opentelemetry.context import Context
from opentelemetry.metrics import Meter, get_meter, get_meter_provider
from opentelemetry.trace import Tracer, get_tracer

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


@frozen
class Instruments:
    """tokens: field of Usage, whether it is a counter's, what measures it, with these further attributes."""

    names: Names
    given_meter: bool
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
            meter_provider is not None,
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

    @property
    def measures(self) -> bool:
        """Whether somebody listens: a provider was given, or there is a global one that is not the API's stand-in."""
        return self.given_meter or not type(get_meter_provider()).__module__.startswith("opentelemetry.metrics")

    def count(self, usage: Usage, attributes: Mapping[str, Any], context: Context) -> None:
        """The tokens of one call. Counters of input and output are told 0 where nothing is known."""
        for count, counter, measure, more in self.tokens:
            tokens = getattr(usage, count)
            if tokens is None and counter and count in ("input_tokens", "output_tokens"):
                tokens = 0
            if tokens is not None:
                measure(tokens, {**attributes, **more} if more else attributes, context)
