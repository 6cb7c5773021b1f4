"""An answer that its provider goes on making when a connection breaks: one machine over as many replies as it takes.

As pure as `answer`, and never waiting either: what is asked next, and when, is `background`'s.
"""

from ..errors import LLMError, StreamError, TimedOutError
from ..framing import WHOLE, Frame
from ..secret import Secret
from ..types.events import Event
from ..types.exchange import ResumeToken
from ..types.response import Response
from .answer import AnswerParser
from .reply import Reply


class LastingAnswer(AnswerParser):
    """The end of a reply is not the end of the answer: `broken` says why it ended, and `take_up` reads the next one.

    broken: what ended the latest reply, while the answer goes on at its provider; None while one is read. It carries
        `resume` when the reply itself was whole: its answer only was not.
    begins_behind: the event up to which the caller has the answer from elsewhere. Those up to there are read, for the
        Response shall be whole, and not handed out.
    """

    broken: LLMError | None = None

    def resume(self) -> ResumeToken | None:
        """How to take the answer up; None while no id of it has come."""
        return self._decoder.resume()

    def take_up(self, reply: Reply, content_type: str, secrets: tuple[Secret, ...], *, stream: bool) -> None:
        """What is fed next is of another reply: the events behind `resume`, or a whole body."""
        self.broken = None
        self._reply = reply
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))
        self._begin(content_type, stream=stream)
        token = self.resume()
        self._decoder.read_before = None if token is None else token.after

    def fail(self, error: LLMError) -> list[Event]:
        """The bytes will not come. Only where nobody wants to wait any longer is that the end."""
        out: list[Event] = []
        if self.ended or _is_final(error):
            return super().fail(error)
        if self.whole:  # all of it may be there: the end of HTTP alone is missing
            self._close_framer()
            self._decode(out)
        if self._decoder.done:
            return self._finish(out)
        if self.resume() is None:
            return super().fail(error)
        self.broken = error
        return self._given(out)

    def give_up(self, error: LLMError) -> list[Event]:
        """It cannot be taken up: the last events, which tell of the error."""
        return [] if self.ended else self._end([], error)

    def _over(self, out: list[Event], failure: LLMError | None) -> list[Event]:
        if failure is None and not self._decoder.done:
            failure = self._not_whole()
        if failure is None or self.resume() is None or not isinstance(failure, StreamError):
            return super()._over(out, failure)
        self.broken = failure
        return self._given(out)

    def _not_whole(self) -> LLMError | None:
        try:
            self._decoder.close([])
        except LLMError as error:
            return error
        return None

    def _read(self, frames: list[Frame], out: list[Event]) -> None:
        if self.begins_behind is None:
            super()._read(frames, out)
            return
        for frame in frames:
            before = len(out)
            super()._read([frame], out)
            if self._is_known(frame):
                self._events.extend(out[before:])
                del out[before:]

    def _is_known(self, frame: Frame) -> bool:
        """Whether the caller has what it says. Where events are not told apart, nothing is held back."""
        if self.begins_behind is None:
            return False
        token = self.resume()
        read = None if token is None or frame[0] == WHOLE else token.after
        if read is None or read > self.begins_behind:
            self.begins_behind = None
            return False
        return True

    def _complete_error(self, error: LLMError, partial: Response) -> None:
        """Who asks again would have another answer made, which is paid too."""
        if isinstance(error, StreamError | TimedOutError):
            error.resume = error.resume or self.resume()
        error.permanent = error.permanent or error.resume is not None
        super()._complete_error(error, partial)


def _is_final(error: LLMError) -> bool:
    return error.permanent or (isinstance(error, TimedOutError) and error.phase == "total")
