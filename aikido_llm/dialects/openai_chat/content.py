"""What a delta or a message says -> events: text, reasoning, calls, pictures, sound. The same keys in both."""

from typing import Any

from ...types.events import AudioEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.request import Request
from ..media import Arrived
from ..values import as_list, as_object, as_objects, as_text
from .calls import Calls
from .media import audio_type, image_of, sound
from .quirks import Quirks
from .reasoning import ReasoningDetails, text_of_details, thought, thought_of_part
from .wire import Json, Message, PlainDelta


class Content:
    """The content of one answer. refused: the model said no, in a place of its own.

    provider_data: the decoder's, for what no event carries.
    """

    def __init__(self, quirks: Quirks, request: Request, provider_data: Json) -> None:
        self._quirks = quirks
        self._provider_data = provider_data
        self._details = ReasoningDetails()
        self._audio_type = audio_type(request)
        self._audio_id = ""
        self._last_thought = ""
        self.calls = Calls(request)
        self.refused = False

    def replay(self) -> tuple[Any, ...]:
        """What the assistant's message must carry beside its text and calls, as one object to merge into it."""
        kept: Json = {}
        if self._details.seen and self._quirks.reasoning_replay == "details":
            kept["reasoning_details"] = self._details.replay()
        if self._audio_id:
            kept["audio"] = {"id": self._audio_id}
        if self.calls.extra_content:
            kept["extra_content"] = self.calls.extra_content  # call id -> Google's thought signatures
        return (kept,) if kept else ()

    def plain(self, delta: PlainDelta, out: list[Event]) -> None:
        """A delta with calls or reasoning details in it, and nothing rarer."""
        details = delta.reasoning_details
        said = delta.reasoning_content or delta.reasoning
        if details is not None:
            self._details.add(details)
            said = said or text_of_details(details)
        if said:
            self.think(said, out)
        if delta.content:
            out.append(TextDelta(delta.content))
        if delta.tool_calls:
            for call in delta.tool_calls:
                self.calls.plain(call, out)

    def read(self, message: Message, out: list[Event], arrived: Arrived) -> None:
        if message.reasoning_details is not None:
            self._details.add(message.reasoning_details)
        said = thought(message)
        if said:
            self.think(said, out)
        content = message.content
        if isinstance(content, str):
            if content:
                out.append(TextDelta(content))
        elif content:
            self._parts(as_objects(content), out, arrived, thoughts=not said)
        if message.refusal and isinstance(message.refusal, str):
            self.refused = True
            out.append(TextDelta(message.refusal))
        if message.tool_calls or message.function_call:
            self.calls.read(message, out, self._provider_data)
        if message.images or message.audio or message.annotations:
            self._media(message, out, arrived)

    def think(self, text: str, out: list[Event]) -> None:
        if self._quirks.drop_repeated_reasoning:
            if text == self._last_thought:
                return
            self._last_thought = text
        out.append(ThinkingDelta(text))

    def _parts(self, parts: list[Json], out: list[Event], arrived: Arrived, *, thoughts: bool) -> None:
        """Content as a list; kinds that we do not know are kept for the caller."""
        for part in parts:
            kind = part.get("type")
            text = as_text(part.get("text")) if kind in ("text", "output_text") else as_text(part.get("refusal"))
            image = image_of(part, arrived)
            if kind in ("thinking", "reasoning"):
                text = ""
                said = thought_of_part(part)
                if said and thoughts:
                    self.think(said, out)
            elif kind == "refusal" and text:
                self.refused = True
            elif image is not None:
                out.append(ImageEvent(image))
            elif kind not in ("text", "output_text"):
                self._provider_data.setdefault("parts", []).append(part)
            if text:
                out.append(TextDelta(text))

    def _media(self, message: Message, out: list[Event], arrived: Arrived) -> None:
        for item in as_list(message.images):
            image = image_of(item, arrived)
            if image is not None:
                out.append(ImageEvent(image))
        for annotation in as_objects(message.annotations):
            self._provider_data.setdefault("annotations", []).append(annotation)
        audio = as_object(message.audio)
        self._audio_id = self._audio_id or as_text(audio.get("id"))
        data, transcript = as_text(audio.get("data")), as_text(audio.get("transcript"))
        if data or transcript:
            piece = sound(data, transcript, self._audio_type, arrived)
            self._audio_type = self._audio_type or piece.content_type
            out.append(AudioEvent(piece))
