"""TLS sessions that are taken up again: the server sends no certificates, and none are verified a second time.

asyncio and uvloop hand no session to `SSLContext.wrap_bio`, and TLS 1.3 tells its tickets behind the handshake. So a
context stands around the one that checks, and the session is taken from a connection when that is given back. Keys,
certificates and trust stay those of the context inside: a session belongs to it, and to the name that was verified.
"""

import asyncio
import ssl
from typing import Any
from weakref import WeakKeyDictionary

_NAMES = 64  # that a session is kept of


def resuming(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, with its sessions taken up. One of another class is left as it is: it may check what a resumed
    session no longer shows (the chain of certificates)."""
    plain = type(context) is ssl.SSLContext and context.sslobject_class is ssl.SSLObject
    return Resuming(context) if plain else context


class Resuming(ssl.SSLContext):
    """Only `wrap_bio` is asked of it. Its own settings are those of nobody."""

    _inner: ssl.SSLContext
    _sessions: dict[tuple[Any, ...], ssl.SSLSession]
    _offered: "WeakKeyDictionary[ssl.SSLObject, ssl.SSLSession | None]"

    def __new__(cls, inner: ssl.SSLContext) -> "Resuming":
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made._inner = inner
        made._sessions = {}
        made._offered = WeakKeyDictionary()  # by connections that have not been looked at yet
        return made

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        known = session or self._sessions.get(self._key(server_hostname))
        made = self._inner.wrap_bio(incoming, outgoing, server_side, server_hostname, known)
        self._offered[made] = known
        return made

    def keep(self, transport: asyncio.BaseTransport) -> None:
        """Take the session of this connection, behind an answer: TLS 1.3 has none before the first ticket.

        Taking it copies the certificate, which takes half as long as a handshake. So it is taken of the first one
        alone, and again when the server resumed it no longer, or it is too old.
        """
        connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if connection is None or connection not in self._offered:
            return
        offered, key = self._offered.pop(connection), self._key(connection.server_hostname)
        if connection.session_reused or self._sessions.get(key) is not offered:
            return
        session = connection.session
        if session is not None and session.id:
            if len(self._sessions) >= _NAMES:
                self._sessions.clear()
            self._sessions[key] = session

    def _key(self, name: str | bytes | None) -> tuple[Any, ...]:
        """What was checked when the session was made: resuming it checks nothing again."""
        return name, self._inner.verify_mode, self._inner.check_hostname
