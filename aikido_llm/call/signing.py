"""What signs the requests of one client: its key, or what its row says, with a credential that they all share."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from copy import copy
from functools import partial
from inspect import isawaitable
from threading import Lock, Thread

from attrs import frozen

from ..auth.base import Credential, Signing, Unsigned
from ..errors import Cause, ConfigError, LLMError
from ..providers.base import Configured, Provider
from ..secret import Key, Secret, without_frames
from ..transport.base import Body, Headers

_EARLY = 60.0  # s before its end that a credential is no longer used
_LARGE = 256 * 1024  # bytes of a body that are hashed in the event loop at most


@frozen
class Signed:
    """headers: to add. secrets: what was sent and no error may show. by: the credential they were made with, if any."""

    headers: Headers
    secrets: tuple[Secret, ...] = ()
    by: Credential | None = None


UNSIGNED = Signed(Headers({}))


class Signer:
    """Asked once per attempt. now: Unix time."""

    def __init__(self, row: Configured, key: Key, now: Callable[[], float] = time.time) -> None:
        self._provider = row.provider
        self._key = key
        self._now = now
        auth = row.provider.auth
        self._same: Signed | None = None  # by a key that does not change
        self._shared = Shared(partial(auth.find, row.settings), now) if isinstance(auth, Signing) else None

    def at_once(self) -> Signed | None:
        """By a key that was given as text, or that none is needed; None where somebody has to be asked. Raises
        ConfigError when there is no key."""
        if self._same is None:
            key = self._key.held
            if key is None or not (key or self._provider.auth is None):
                return None
            self._same = self._by_key(key)
        return self._same

    async def sign(self, method: str, url: str, headers: Callable[[], Headers], body: bytes | Body | None) -> Signed:
        """headers: makes those that are sent besides. body: the bytes that are sent.

        raises: ConfigError when there is neither a key nor a credential, and what looking for one raised.
        """
        auth = self._provider.auth
        key = await self._key.get()
        if key or auth is None:
            return self._by_key(key)
        if not isinstance(auth, Signing):
            added = auth(method, url, headers().reveal(), body)
            own = Headers(await added if isawaitable(added) else added)
            return Signed(own, own.secrets())
        credential = await self._credential()
        request = Unsigned(method, url, headers().reveal(), body, self._now())
        try:
            if body is not None and len(body) > _LARGE:
                own = Headers(await asyncio.to_thread(auth.sign, credential, request))
            else:
                own = Headers(auth.sign(credential, request))
            return Signed(own, (*credential.secrets, *own.secrets()), credential)
        except LLMError as error:
            failure = error.scrubbed(*credential.secrets)
        raise failure

    async def located(self, base_url: str) -> str:
        """The base URL, with what it leaves open (`{region}`) as it was found with the credential."""
        if "{" not in base_url:
            return base_url
        if self._shared is None or await self._key.get():
            return self._provider.filled(base_url, {})
        return self._provider.filled(base_url, (await self._credential()).known)

    def mends(self, error: LLMError, signed: Signed) -> bool:
        """Whether a new credential may mend this refusal."""
        auth = self._provider.auth
        if signed.by is None or not isinstance(auth, Signing):
            return False
        said = f"{error.code} {error.message}".lower()
        return error.status == 401 or any(word in said for word in auth.expired)

    def refuse(self, signed: Signed) -> None:
        """The server takes this credential no longer: the next attempt gets another, unless one is there already."""
        if self._shared is not None:
            self._shared.refuse(signed.by)

    def _by_key(self, key: Secret) -> Signed:
        provider = self._provider
        if not key and provider.key_needed:
            raise ConfigError(_no_key(provider), provider=provider.name)
        if problem := key.problem:
            raise ConfigError(f"the API key {problem}", provider=provider.name)
        if not key:
            return UNSIGNED
        return Signed(Headers({provider.key_header: provider.key_prefix + key.reveal()}), (key,))

    async def _credential(self) -> Credential:
        assert self._shared is not None
        try:
            return await self._shared.get()
        except ConfigError as error:
            if self._provider.key_env:
                error.message += f"; or give a key by {' or '.join(_ways(self._provider))}"
            raise


class Shared:
    """A credential that all requests of a client share: looked for in a thread of its own, once for all who wait, and
    again when it ends or was refused. Nobody's cancellation ends the search of the others."""

    def __init__(self, find: Callable[[], Credential], now: Callable[[], float] = time.time) -> None:
        self._find = find
        self._now = now
        self._lock = Lock()
        self._held: Credential | None = None
        self._coming: Future[Credential] | None = None

    async def get(self) -> Credential:
        """The one that is held while it lasts, else a new one; the old one to its very end when none is to be had."""
        held = self._held
        left = float("inf") if held is None or held.ends is None else held.ends - self._now()
        if held is not None and left > _EARLY:
            return held
        try:
            return await self._newer_than(held)
        except LLMError:
            if held is not None and left > 0:
                return held
            raise

    def refuse(self, credential: Credential | None) -> None:
        """Hand this one out no longer."""
        with self._lock:
            if self._held is credential:
                self._held = None

    async def _newer_than(self, old: Credential | None) -> Credential:
        with self._lock:
            if self._held is not None and self._held is not old:
                return self._held
            coming = self._coming
            if coming is None:
                coming = self._coming = Future()
                coming.set_running_or_notify_cancel()
                Thread(target=self._look, args=(coming,), name="aikido_llm credentials", daemon=True).start()
        try:
            return await asyncio.wrap_future(coming)
        except LLMError as error:
            failure = copy(error)  # each who waited gets an error of his own
        raise failure

    def _look(self, coming: "Future[Credential]") -> None:
        found: Credential | None = None
        failure: BaseException | None = None
        try:
            found = self._find()
        except LLMError as error:
            failure = without_frames(error)  # they hold what was found
        except Exception as error:
            failure = ConfigError(f"the credentials could not be read: {Cause.of(error)}")
        with self._lock:
            self._held = found or self._held
            self._coming = None
        if found is not None:
            coming.set_result(found)
        else:
            coming.set_exception(failure)


def _ways(provider: Provider) -> list[str]:
    ways = [f'open("{provider.name}", api_key="...")', f'the DSN "?{provider.key_param}=..."']
    return [f"the environment variable {' or '.join(provider.key_env)}", *ways] if provider.key_env else ways


def _no_key(provider: Provider) -> str:
    ways = _ways(provider)
    where = f"; get one at {provider.key_url}" if provider.key_url else ""
    return f"no API key for {provider.name}: give it by {', '.join(ways[:-1])} or {ways[-1]}{where}"
