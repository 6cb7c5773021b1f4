"""One choice of an answer: what it says, and how it ended. Further ones are folded beside the first."""

from typing import Any

from ...errors import MalformedStream
from ...types.accumulate import Accumulator
from ...types.events import Event, TextDelta
from ...types.logprobs import TokenLogprob
from ...types.request import Request
from ...types.response import FinishReason, Response
from ..finish import OVERRIDING, reason_of, word_of
from ..media import Arrived
from ..values import as_object, as_text, is_list
from .content import Content
from .finish import FINISH
from .logprobs import read_logprobs
from .quirks import Quirks
from .rest import BESIDE, CHOICE, keep
from .wire import Json


class Choice:
    """finish_reason, raw_finish_reason: as far as the wire has told. seen, has_content: something has come, of it."""

    def __init__(self, quirks: Quirks, request: Request, provider_data: Json, logprobs: list[TokenLogprob]) -> None:
        self.content = Content(quirks, request, provider_data)
        self.finish_reason: FinishReason | None = None
        self.raw_finish_reason: str | None = None
        self.has_content = False
        self.seen = False
        self._in_messages: str | None = None  # the text that a stream's messages have said
        self._provider_data = provider_data
        self._logprobs = logprobs

    @property
    def ended(self) -> bool:
        """Its end has come: the finish reason, or what stands for it (spoken answers have none)."""
        return self.finish_reason is not None or self.content.spoken

    @property
    def reason(self) -> FinishReason | None:
        """What its end means, None while it has none."""
        return self.finish_reason or (FinishReason.stop if self.content.spoken else None)

    def read(self, choice: Json, out: list[Event], arrived: Arrived, *, whole: bool) -> None:
        self.seen = True
        message, delta = _saying(choice.get("message")), _saying(choice.get("delta"))
        said = (message or delta) if whole else delta
        if not BESIDE.isdisjoint(choice):
            said = {**said, **{key: choice[key] for key in BESIDE.intersection(choice) if not said.get(key)}}
        in_message = whole or not (said or not message)
        if in_message and not whole:
            said = self._of_message(message, begun=self.has_content or bool(out))
        if said:
            self.content.read(said, out, arrived, whole=in_message)
        elif isinstance(choice.get("text"), str) and choice["text"]:  # the older completions' one
            out.append(TextDelta(choice["text"]))
        self.finish(choice.get("finish_reason"))
        native = as_text(choice.get("native_finish_reason"))
        if native == "network_error":  # seen behind a finish reason that looks benign
            self.finish(native)
        if choice.get("logprobs"):
            read_logprobs(choice["logprobs"], self._logprobs, self._provider_data)
        keep(choice, CHOICE, self._provider_data)

    def _of_message(self, message: Json, *, begun: bool) -> Json:
        """What is new in a message of a stream: the next piece, or all of the answer so far. Beside deltas (some hosts
        send both) only calls count that no delta brought."""
        if self._in_messages is None and begun:
            calls = message.get("tool_calls")
            return {"tool_calls": calls} if calls and not self.content.calls.begun else {}
        text, before = message.get("content"), self._in_messages or ""
        if not isinstance(text, str):
            return message
        if text.startswith(before):
            self._in_messages = text
            return {**message, "content": text[len(before) :]}
        self._in_messages = before + text
        return message

    def filtered(self, results: Any) -> None:
        """What Azure's content filter says of a piece of text that it let through."""
        keep({"content_filter_results": results}, CHOICE, self._provider_data)

    def finish(self, said: Any) -> None:
        """The first word counts, but a later failure overrides it."""
        word = word_of(said)
        if not word:
            return
        reason = reason_of(word, FINISH)
        if self.finish_reason is None or reason in OVERRIDING:
            self.finish_reason, self.raw_finish_reason = reason, word

    def close(self, out: list[Event]) -> FinishReason:
        """The answer is whole: its last events, and why it ended; an answer of which nothing could be read is none that
        stopped as it should. Raises MalformedStream when its calls cannot be told."""
        reason = self.content.calls.end(out, self.reason)
        if reason is FinishReason.stop and self.content.unknown and not (self.has_content or out):
            reason = FinishReason.other
        self.content.close(out)
        return reason


class Further(Choice):
    """Any choice but the first: without events, and what fails it fails it alone."""

    def __init__(self, quirks: Quirks, request: Request) -> None:
        self._data: Json = {}
        self._tokens: list[TokenLogprob] = []
        super().__init__(quirks, request, self._data, self._tokens)
        self._folded = Accumulator()
        self._reason: FinishReason | None = None  # once it is closed

    def take(self, choice: Json, arrived: Arrived, *, whole: bool) -> None:
        out: list[Event] = []
        self.read(choice, out, arrived, whole=whole)
        self.has_content = self.has_content or bool(out)
        self._folded.extend(out)

    def response(self) -> Response:
        """Without the facts of the answer that it belongs to (id, model, provider)."""
        if self._reason is None:
            self._reason = self._close()
        return self._folded.response(
            finish_reason=self._reason,
            raw_finish_reason=self.raw_finish_reason,
            complete=self.ended and self._reason not in OVERRIDING,
            logprobs=tuple(self._tokens),
            provider_data=self._data,
            replay=self.content.replay(),
        )

    def _close(self) -> FinishReason:
        if self.content.refused:
            return FinishReason.content_filter
        if self.finish_reason is not None and self.finish_reason in OVERRIDING:
            return self.finish_reason
        out: list[Event] = []
        try:
            return self.close(out)
        except MalformedStream:
            return FinishReason.error
        finally:
            self._folded.extend(out)


def _saying(value: Any) -> Json:
    """A message or a delta; some servers write its text alone, or a list for an empty one."""
    if isinstance(value, str):
        return {"content": value}
    if value and is_list(value):
        raise MalformedStream("a message of the answer is of a shape that cannot be read")
    return as_object(value)
