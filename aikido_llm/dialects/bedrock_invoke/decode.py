"""Answers of InvokeModel -> events: those of Messages, and beside them what the service itself says.

The service adds fields of its own (`amazon-bedrock-...`) to the last event, or to a whole body, and sends exceptions as
messages of the stream, also as the first.

source: Amazon Bedrock API reference, "InvokeModelWithResponseStream", read 2026-11; recorded exchanges.
"""

from typing import Any

from ...codecs import json
from ...errors import MalformedStream
from ...framing import Frame
from ...types.events import Event
from ...types.response import FinishReason
from .. import base, envelope, exceptions
from ..anthropic_messages import decode as messages
from ..anthropic_messages.wire import EVENTS
from ..anthropic_messages.wire import Event as WireEvent
from ..values import is_object
from ..words import NO_WORDS, Words

_OWN = "amazon-bedrock-"
_OWN_KEY = b'"amazon-bedrock-'
_OF_MESSAGES = (*EVENTS, "ping", "error", "message")
_METRICS = "amazon-bedrock-invocationMetrics"
_GUARDRAIL = "amazon-bedrock-guardrailAction"


class Decoder(messages.Decoder):
    """One answer. provider_data: as of Messages, and the service's own fields, `amazon-bedrock-guardrailAction` and
    `amazon-bedrock-trace`; what it measured of a stream, `amazon-bedrock-invocationMetrics`, is in usage.raw."""

    written_in = "anthropic_messages"
    wrapped = True

    def __init__(self, words: Words = NO_WORDS) -> None:
        super().__init__(words)
        self._own_words = words
        self._begun = False

    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        for place, (name, data) in enumerate(frames):
            if name and exceptions.failed(name):
                super().feed(frames[:place], out)
                if self.done:
                    return
                raise exceptions.thrown(name, data, self._own_words)
        super().feed(frames, out)

    def close(self, out: list[Event]) -> None:
        if self.done and self.provider_data.get(_GUARDRAIL) == "INTERVENED":
            self.finish_reason = FinishReason.content_filter
            raise base.filtered("guardrail_intervened")
        super().close(out)

    def _any_event(self, data: bytes, out: list[Event]) -> None:
        if not self._begun:
            _refuse_others(data)
            self._begun = True
        super()._any_event(data, out)

    def _event(self, event: WireEvent, data: bytes, out: list[Event]) -> None:
        super()._event(event, data, out)
        if _OWN_KEY in data:
            said: dict[str, Any] = json.loads_object(data)
            own = {key: value for key, value in said.items() if key.startswith(_OWN)}
            self._counts |= {key: own.pop(key) for key in (_METRICS,) if key in own}  # a body does not tell them
            self.provider_data |= own

    def _whole(self, data: bytes, out: list[Event]) -> None:
        try:
            super()._whole(data, out)
        except MalformedStream:
            _refuse_others(data)
            raise


def _refuse_others(data: bytes) -> None:
    """Raises MalformedStream for an answer in the wire of another model's maker."""
    try:
        said: Any = json.loads_frame(data)
    except ValueError:
        return
    if is_object(said) and said.get("type") not in _OF_MESSAGES and not envelope.is_error(said):
        raise MalformedStream(
            "this model answers InvokeModel in a wire of its own, which is not Claude's Messages: bedrock-converse "
            "speaks to every model of the service",
            permanent=True,
        )
