"""An LLMError as a value, and back: what is stored of one."""

from typing import Any

from attrs import field, fields, frozen

from .. import errors
from ..codecs.plain import UnfitError
from ..errors import LLMError, Phase
from .embeddings import Embeddings
from .exchange import Hop, RateLimits, ResumeToken
from .response import Response


def _no_headers() -> dict[str, str]:
    return {}


@frozen
class Failure:
    """An LLMError as a value: the name of its class, and its facts."""

    error: str
    message: str = ""
    provider: str = ""
    model: str = ""
    status: int | None = None
    code: str = ""
    request_id: str = ""
    retry_after: float | None = None
    partial: Response | None = None
    attempts: int = 1
    body: str = ""
    permanent: bool = False
    headers: dict[str, str] = field(factory=_no_headers)
    rate_limits: RateLimits | None = None
    resume: ResumeToken | None = None
    route: tuple[Hop, ...] = ()
    available: tuple[str, ...] = ()
    phase: Phase | None = None
    cap: str = ""
    limit: int | None = None
    partial_embeddings: Embeddings | None = None


_CLASSES: dict[str, type[LLMError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LLMError)
}
_FACTS = tuple(a.name for a in fields(Failure) if a.name != "error")


def to_failure(error: LLMError) -> Failure:
    """Of a caller's own subclass, the nearest class of ours is kept."""
    name = next(kind.__name__ for kind in type(error).__mro__ if _CLASSES.get(kind.__name__) is kind)
    facts: dict[str, Any] = {fact: value for fact, value in vars(error).items() if fact in _FACTS}
    return Failure(name, **facts)


def from_failure(failure: Failure, kind: type[LLMError]) -> LLMError:
    """The error. Raises UnfitError for a class that is no kind, and for a fact that the class does not have."""
    found = _CLASSES.get(failure.error)
    if found is None or not issubclass(found, kind):
        raise UnfitError(f"error must be the name of a {kind.__name__} or of one of its subclasses")
    plain = Failure(failure.error)
    given = {name: getattr(failure, name) for name in _FACTS if getattr(failure, name) != getattr(plain, name)}
    unknown = given.keys() - vars(found()).keys()
    if unknown:
        raise UnfitError(f"{found.__name__} has no {', '.join(sorted(unknown))}")
    return found(**given)
