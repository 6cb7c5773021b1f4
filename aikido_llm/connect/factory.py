"""get_provider(): the factory spelling of open()."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from attrs import Attribute, evolve, field, fields, frozen

from .. import retry
from ..call.http_client import HTTPClient
from ..codecs.text import kind_name
from ..errors import ConfigError
from ..providers.names import ProviderType
from ..secret import HiddenValues, KeySource, Secret
from .open import open


def _held(key: KeySource | Secret | None) -> KeySource | Secret | None:
    return Secret(key) if isinstance(key, str) else key


def _whole(owner: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int:
        raise ConfigError(f"ProviderConfig.{attribute.name} takes a whole number")


@frozen
class ProviderConfig:
    """The settings of `get_provider`. timeout: seconds for the whole answer, None for no bound. max_retries: requests
    beyond the first. extra_headers: sent with every request."""

    api_key: KeySource | Secret | None = field(default=None, converter=_held)
    base_url: str | None = None
    organization: str | None = None
    timeout: float | None = 60.0
    max_retries: int = field(default=3, validator=_whole)
    default_model: str | None = None
    extra_headers: Mapping[str, str] = field(factory=HiddenValues[str], converter=HiddenValues[str])


def get_provider(kind: ProviderType | str, config: ProviderConfig | None = None, **kw: Any) -> HTTPClient:
    """The factory spelling of `open`: the fields of a ProviderConfig, or the same as keywords, which win.

    raises: ConfigError, also for a keyword that ProviderConfig does not have.
    """
    known = [a.name for a in fields(ProviderConfig)]
    wrong = set(kw).difference(known)
    settings = ProviderConfig() if config is None else config
    if not isinstance(cast("object", settings), ProviderConfig):
        raise ConfigError(f"get_provider takes a ProviderConfig, not {kind_name(config)}")
    if not wrong:
        settings = evolve(settings, **kw)
    kw.clear()  # a traceback may show what a frame holds
    if wrong:
        raise ConfigError(f"get_provider knows these keywords: {', '.join(known)}")
    own: dict[str, Any] = {} if settings.organization is None else {"organization": settings.organization}
    return open(
        str(kind),
        api_key=settings.api_key,
        base_url=settings.base_url,
        timeout=settings.timeout,
        retry=evolve(retry.CLIENT_START, max_attempts=settings.max_retries + 1) if settings.max_retries > 0 else None,
        model=settings.default_model,
        headers=settings.extra_headers,
        **own,
    )


OpenRouterProvider = partial(get_provider, ProviderType.openrouter)
OpenAIProvider = partial(get_provider, ProviderType.openai)
AnthropicProvider = partial(get_provider, ProviderType.anthropic)
OllamaProvider = partial(get_provider, ProviderType.ollama)
