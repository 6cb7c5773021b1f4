"""observed: OpenTelemetry's spans, metrics and events around every call. Its library is imported when this is used."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...client import Client
from ...codecs.text import kind_name
from ...errors import ConfigError
from .semconv import NAMES, Version
from .shown import Shown

if TYPE_CHECKING:
    from .spans import ObservedClient


def observed(
    client: Client,
    tracer_provider: Any = None,
    meter_provider: Any = None,
    content: bool = False,
    propagate: Iterable[str] = (),
    semconv: Version = "current",
    *,
    logger_provider: Any = None,
) -> "ObservedClient":
    """The client, its calls told to OpenTelemetry by the conventions for generative AI (extra `otel`).

    One CLIENT span a call, ended when the call is: also at once when a stream is left. Retries and the clients that a
    fallback asked are events on it. Metrics: duration, time to the first chunk and between chunks, tokens.

    tracer_provider, meter_provider, logger_provider: OpenTelemetry's; None: the global ones.
    content:   what was said stands on the spans. Without it nothing of it does, unless the variables
               OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT and ..._EMIT_EVENT say so.
    propagate: names of the hosts that `traceparent` is sent to, such as a gateway of yours; "*" is none of them.
    semconv:   "current", or "1.41" for the names that were published last before they moved.
    raises:    ConfigError without the extra, for a version that is none, and for a provider that is none.
    """
    if semconv not in NAMES:
        raise ConfigError(f"semconv takes {' or '.join(map(repr, NAMES))}, not {semconv!r}")
    if isinstance(propagate, str):
        raise ConfigError("propagate takes a list of host names, not a text")
    _check(tracer_provider=tracer_provider, meter_provider=meter_provider, logger_provider=logger_provider)
    try:
        from .instruments import Instruments
        from .spans import ObservedClient
    except ImportError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise ConfigError("observed needs OpenTelemetry's API: pip install 'aikido-llm[otel]'") from None
    instruments = Instruments.made(NAMES[semconv], tracer_provider, meter_provider, logger_provider)
    return ObservedClient(client, instruments, Shown.asked_for(content), frozenset(host.lower() for host in propagate))


_GIVES = {"tracer_provider": "get_tracer", "meter_provider": "get_meter", "logger_provider": "get_logger"}


def _check(**given: Any) -> None:
    for name, provider in given.items():
        if provider is not None and not callable(getattr(provider, _GIVES[name], None)):
            raise ConfigError(f"{name} takes OpenTelemetry's, which has {_GIVES[name]}, not {kind_name(provider)}")
