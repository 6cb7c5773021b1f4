"""The tree of failures. Errors carry facts, no policy: whether to retry is for `retry` to judge by them.

LLMError
├── ConfigError                    nothing was sent: bad DSN, unknown provider, no key, a closed or inherited client
├── BudgetExceededError            nothing was sent: a budget would be passed
├── InvalidRequestError            4xx the caller must mend; a ValueError too
│   ├── UnsupportedFeatureError    said by us before sending
│   ├── ContextLengthError
│   ├── ModelNotFoundError
│   ├── InvalidAnswer              a whole answer that is not of the type that was asked for
│   └── InvalidToolArguments
├── AuthError                      401, 403
│   └── InsufficientCreditsError   402, out of quota
├── RateLimitedError               429
├── ContentFilteredError           a policy refusal: a status, an envelope or a finish reason
└── ServerError                    5xx, 408: transient by nature
    ├── OverloadedError            503, 529, "overloaded" inside a 200
    ├── ConnectError               DNS, refused, TLS
    ├── TimedOutError              one of the four clocks
    └── StreamError                the wire broke its own grammar
        ├── StreamTruncated        bytes ended before the answer did
        ├── MalformedStream        not JSON where JSON was due
        └── TooLargeError          a cap was passed
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from .secret import Secret, excerpt, scrub

if TYPE_CHECKING:  # an error only carries one
    from .types.embeddings import Embeddings
    from .types.exchange import Hop, RateLimits, ResumeToken
    from .types.response import Response

Phase: TypeAlias = Literal["connect", "first_event", "idle", "total"]

LONGEST_TEXT = 4000  # characters of a text that a server wrote, and
LONGEST_WORD = 200  # of a code, an id or a name


class LLMError(Exception):
    """Something went wrong between a Request and its Response.

    message:     what happened and, where we know it, what to do; no key, no URL query.
    provider, model: who was asked. status: HTTP status, None when there was none. code: the provider's own code.
    request_id:  the provider's id of the exchange. retry_after: seconds the server asked to wait, None when not said.
    partial:     what had arrived of the answer, usage included. attempts: HTTP requests made.
    body:        an excerpt of the error body, scrubbed.
    permanent:   it would fail again unchanged, whatever its class says (a certificate, an answer that is no API's).
    headers:     of the reply, names in lower case, no cookies, scrubbed. rate_limits: what they say, None for nothing.
    resume:      how to take up an answer that goes on at the provider, None when it does not.
    route:       whom a fallback asked before.
    partial_embeddings: of an `embed` of several requests, what those gave that did not fail; None for nothing.
    """

    def __init__(
        self,
        message: str = "",
        *,
        provider: str = "",
        model: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        partial: "Response | None" = None,
        attempts: int = 1,
        body: str = "",
        permanent: bool = False,
        headers: Mapping[str, str] | None = None,
        rate_limits: "RateLimits | None" = None,
        resume: "ResumeToken | None" = None,
        route: "tuple[Hop, ...]" = (),
        partial_embeddings: "Embeddings | None" = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.model = model
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.partial = partial
        self.attempts = attempts
        self.body = body
        self.permanent = permanent
        self.headers = dict(headers or {})
        self.rate_limits = rate_limits
        self.resume = resume
        self.route = route
        self.partial_embeddings = partial_embeddings

    def __str__(self) -> str:
        facts = [
            f"HTTP {self.status}" if self.status else "",
            self.code,
            f"request {self.request_id}" if self.request_id else "",
            f"retry after {self.retry_after:g} s" if self.retry_after is not None else "",
            f"after {self.attempts} attempts" if self.attempts > 1 else "",
        ]
        known = ", ".join(fact for fact in facts if fact)
        source = f"{self.provider}: " if self.provider else ""
        return f"{source}{self.message or type(self).__name__}{f' ({known})' if known else ''}"

    def scrubbed(self, *secrets: Secret) -> Self:
        """The same error without these secrets, wherever a server has repeated them, and without what looks like one;
        of long texts their beginning; and without what it came through: the frames of a decoder hold the bytes."""
        self.message, self.body = (scrub(excerpt(text, LONGEST_TEXT), *secrets) for text in (self.message, self.body))
        self.code, self.request_id = (
            scrub(excerpt(word, LONGEST_WORD), *secrets) for word in (self.code, self.request_id)
        )
        self.headers = {name: scrub(value, *secrets) for name, value in self.headers.items()}
        self.args = (self.message,)
        self.__traceback__ = self.__context__ = None
        if isinstance(self.__cause__, Cause):
            self.__cause__ = Cause(scrub(str(self.__cause__), *secrets))
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.__dict__)


def _rebuild(kind: type[LLMError], message: str, state: dict[str, Any]) -> LLMError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigError(LLMError):
    """Nothing was sent: a bad DSN, an unknown provider, no key. The message names what would be right."""


class BudgetExceededError(LLMError):
    """Nothing was sent: the request could have cost more than what is left of a budget."""


class InvalidRequestError(LLMError, ValueError):
    """The request is wrong and will fail again unchanged. Also raised by a value that is made with a wrong field."""


class UnsupportedFeatureError(InvalidRequestError):
    """The provider's wire cannot carry this request faithfully; said before anything was sent."""


class ContextLengthError(InvalidRequestError):
    """Prompt, or prompt and answer, are longer than the model's context."""


class ModelNotFoundError(InvalidRequestError):
    """The provider has no such model, or not for this key. available: up to 20 that it
    has, near ones first, when it lists its models."""

    def __init__(self, message: str = "", *, available: tuple[str, ...] = (), **facts: Any) -> None:
        super().__init__(message, **facts)
        self.available = available

    def scrubbed(self, *secrets: Secret) -> Self:
        self.available = tuple(scrub(excerpt(name, LONGEST_WORD), *secrets) for name in self.available)
        return super().scrubbed(*secrets)

    def __str__(self) -> str:
        known = f"; among its models: {', '.join(self.available)}" if self.available else ""
        return super().__str__() + known


class InvalidAnswer(InvalidRequestError):
    """The answer is whole but not of the type that was asked for (`complete_as`); partial is the whole Response."""


class InvalidToolArguments(InvalidRequestError):
    """A tool call's arguments are not a JSON object."""


class AuthError(LLMError):
    """The key is wrong or lacks the right (401, 403)."""


class InsufficientCreditsError(AuthError):
    """No money or quota left (402, or what the provider says for it)."""


class RateLimitedError(LLMError):
    """Too many requests or tokens (429); retry_after when the server said so."""


class ContentFilteredError(LLMError):
    """A policy refused the prompt or the answer; partial holds what was let through."""


class ServerError(LLMError):
    """The provider failed (5xx, 408): transient by nature."""


class OverloadedError(ServerError):
    """The provider has no capacity now (503, 529, or "overloaded" inside a 200)."""


class ConnectError(ServerError):
    """No connection: DNS, refused, reset, TLS. sent: a part of the request may have gone out."""

    sent: bool = True


class TimedOutError(ServerError):
    """A clock ran out. phase: which one ("connect", "first_event", "idle", "total"); None when the server said it."""

    def __init__(self, message: str = "", *, phase: Phase | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.phase = phase


class StreamError(ServerError):
    """The bytes of an answer broke the wire's own grammar."""


class StreamTruncated(StreamError):
    """The bytes ended before the answer did: what arrived is in partial and must not pass for the whole."""


class MalformedStream(StreamError):
    """Something else stood where the wire's format has JSON or an event."""


class TooLargeError(StreamError):
    """A cap was passed. cap: its name in `Limits`; limit: its value in bytes. Not retried: it would come again."""

    def __init__(self, message: str = "", *, cap: str = "", limit: int | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.cap = cap
        self.limit = limit


class Cause(Exception):
    """Stands in for an exception of the HTTP library, whose own text and attributes may hold keys and URLs."""

    @classmethod
    def of(cls, error: Exception) -> "Cause":
        """Its class and its scrubbed text, nothing else of it."""
        text = scrub(excerpt(str(error), LONGEST_TEXT))
        return cls(f"{type(error).__name__}: {text}" if text else type(error).__name__)
