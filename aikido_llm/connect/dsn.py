"""BASE_URL?api_key=KEY&opt=value -> fields, and back with the key hidden. Pure."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from attrs import field, frozen

from ..errors import ConfigError
from ..secret import HIDDEN, HiddenValues, Secret, sounds_secret
from ..transport import addresses


@frozen
class DSN:
    """What a DSN said. base_url: "" when it names none. parameters: decoded, in order, without the key."""

    base_url: str = ""
    api_key: Secret = field(factory=lambda: Secret(""))
    parameters: Mapping[str, tuple[str, ...]] = field(
        factory=HiddenValues[tuple[str, ...]], converter=HiddenValues[tuple[str, ...]]
    )

    def __str__(self) -> str:
        """The DSN again, with the key hidden."""
        pairs = [
            f"{name}={HIDDEN if sounds_secret(name) else quote(value, safe='')}"
            for name, values in self.parameters.items()
            for value in values
        ]
        if self.api_key:
            pairs.insert(0, f"api_key={HIDDEN}")
        return self.base_url + ("?" + "&".join(pairs) if pairs else "")


def parse(text: str | Secret, key_param: str = "api_key") -> DSN:
    """Read a DSN. key_param: the provider's name for the key parameter (`api_key` is understood as well).

    raises: ConfigError for userinfo, a fragment, a scheme that is not http or https, a parameter without a value; the
    message never repeats the DSN, which may hold a key.
    """
    held = text if isinstance(text, Secret) else Secret(text)
    del text
    try:
        return _read(held.reveal(), key_param)
    except ConfigError as error:
        problem = error.message
    raise ConfigError(problem)  # afresh: the frames of the other one hold the key


def _read(text: str, key_param: str) -> DSN:
    text = text.strip()
    base, mark, query = text.partition("?")
    if not mark and "://" not in base and "=" in base:
        base, query = "", base
    if "#" in text:
        raise ConfigError("a DSN has no fragment: write # in a value as %23")
    parameters: dict[str, tuple[str, ...]] = {}
    key = ""
    for name, value in pairs(query):
        if name in (key_param, "api_key"):
            if key:
                raise ConfigError(f"the DSN gives {key_param} twice")
            key = value
        else:
            parameters[name] = (*parameters.get(name, ()), value)
    return DSN(str(addresses.read(base)) if base else "", Secret(key), parameters)


def pairs(query: str, what: str = "the DSN's parameters") -> list[tuple[str, str]]:
    """A query as (name, value), percent-decoded; a + is a plus, for this is no form of a page. Raises ConfigError."""
    found: list[tuple[str, str]] = []
    for part in query.split("&") if query else ():
        name, mark, value = part.partition("=")
        try:
            if not (name and mark):
                raise ValueError
            found.append((unquote(name, errors="strict"), unquote(value, errors="strict")))
        except ValueError:
            raise ConfigError(f"{what} must have the form name=value&name=value, percent-encoded") from None
    return found
