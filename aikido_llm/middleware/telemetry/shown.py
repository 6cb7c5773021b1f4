"""What of a call may be shown: nothing of what was said, unless somebody asks for it."""

import os

from attrs import frozen

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
EMIT_EVENT = "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT"


@frozen
class Shown:
    """Where what was said is shown. event: the event with the details of a call is sent at all."""

    on_spans: bool = False
    on_events: bool = False
    event: bool = False

    @classmethod
    def asked_for(cls, content: bool) -> "Shown":
        """By the argument, and by the two variables of OpenTelemetry's own instrumentations (read 2026-11 from
        opentelemetry-util-genai 1.3b0)."""
        capture = os.environ.get(CAPTURE, "").strip().upper()
        on_events = capture in ("EVENT_ONLY", "SPAN_AND_EVENT")
        emit = os.environ.get(EMIT_EVENT, "").strip().lower()
        return cls(
            on_spans=content or capture in ("SPAN_ONLY", "SPAN_AND_EVENT"),
            on_events=on_events,
            event=emit == "true" or (on_events and emit != "false"),
        )
