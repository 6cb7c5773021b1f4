"""Whether calls are kept: the user says so once. What runs in a pipe keeps nothing unless a flag says so."""

import os
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

import aikido_llm as llm

from ..access import places, settings
from ..terminal import speak
from . import past

if TYPE_CHECKING:
    from aikido_llm.middleware import CallStore

    from ..terminal.ask import Asked


_ABOUT = """\
aikido-llm: questions and answers can be kept in {}, which only you may read:
  `chat -c` then goes on with the last conversation, and `logs` finds it. Keys, headers and attached files
  are not kept. `aikido-llm config set log on` or `off` says it again."""


def wanted(flag: bool | None, *, may_ask: bool = True) -> bool:
    """flag: --log or --no-log. Else what the settings say, on a terminal; who was never asked is asked now, if he may
    be. Raises click.Abort."""
    if flag is not None:
        return flag
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return False
    said = settings.read().log
    return said if said is not None else may_ask and _asked()


def store() -> "CallStore":
    """The user's own. It is made when the first call is kept."""
    from aikido_llm.middleware import CallStore

    return CallStore(places.log())


async def around(stack: AsyncExitStack, client: llm.HTTPClient, *, keep: bool) -> "Asked":
    """The client, whose calls are kept if they are to be; the stack closes it, and the store behind it."""
    kept = await stack.enter_async_context(store()) if keep else None
    return await stack.enter_async_context(kept_in(kept, client))


def kept_in(store: "CallStore | None", client: llm.HTTPClient) -> "Asked":
    """The client, whose calls are kept where there is a store."""
    if store is None:
        return client
    from aikido_llm.middleware import logged

    return logged(client, store)


async def before(number: int | None) -> past.Past:
    """The conversation that goes on: behind a call, or the last one. Raises ConfigError when there is none, OSError."""
    async with existing() as kept:
        return await past.find(kept, number)


def existing() -> "CallStore":
    """Raises ConfigError when nothing was ever kept."""
    if not places.log().exists():
        raise llm.ConfigError(
            f"nothing is kept: there is no {places.log()} (`aikido-llm config set log on` keeps what is asked on a "
            "terminal, --log keeps one call)"
        )
    return store()


def _asked() -> bool:
    if not _writable():
        return False  # the answer could not be kept either, and the question would come each time
    speak.err(_ABOUT.format(places.log()))
    said = click.confirm("Keep them?", default=False, err=True)
    try:
        settings.change(log=said)
    except OSError as error:
        speak.err(f"aikido-llm: {settings.path()}: {error.strerror}")
    return said


def _writable() -> bool:
    folder = settings.path().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
