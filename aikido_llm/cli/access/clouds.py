"""What `doctor` finds of a cloud: whose credentials are there, what a base URL still needs, and who gave no answer."""

import asyncio
import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping

import aikido_llm as llm
from aikido_llm.auth.base import Credential, Signing
from aikido_llm.providers.base import Provider

from ..terminal.explain import explain, one_line
from .finding import Finding
from .options import Access

_TALKATIVE = ("azure", "botocore", "google")


async def check(name: str, row: Provider, signing: Signing, access: Access, timeout: float) -> Finding:
    """Look for the credentials, which costs nothing, as a request would; ask for the model list where there is one."""
    said = {option: values[-1] for option, values in access.parameters.items() if row.option(option) is not None}
    settings = {**row.said_by(os.environ), **said}
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.CRITICAL)  # what it warns of is in the error
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # so is this; what they silence while they load is lost when several do
    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            credential = await asyncio.to_thread(signing.find, settings)
    except TimeoutError:
        return Finding(name, "FAIL", f"nobody gave {signing.cloud} credentials within {timeout:g} s")
    except llm.ConfigError as error:
        ways = f"; or set {' or '.join(row.key_env)}" if row.key_env else ""
        return Finding(name, "--", f"not configured: {one_line(error.message)}{ways}")
    except llm.LLMError as error:
        return Finding(name, "FAIL", explain(error))
    parts = [f"credentials from {credential.source}", *_facts(settings, credential)]
    client = None
    try:
        client = llm.open(name, access.dsn.reveal(), timeout=timeout, retry=None)
        row.filled(row.base_url if "{" in repr(client) else "", {**settings, **credential.known})
        async with client:
            parts.append(f"{len(await client.list_models()):,} models")
    except llm.UnsupportedFeatureError:
        parts.append("not tried, for it has no list of models to ask for")
    except llm.ConfigError as error:
        return Finding(name, "--", f"{', '.join(parts)}; but {error.message}")
    except llm.LLMError as error:
        return Finding(name, "FAIL", f"{', '.join(parts)}; but {explain(error)}")
    return Finding(name, "ok", f"{', '.join(parts)}, {time.monotonic() - started:.1f} s")


def _facts(settings: Mapping[str, str], credential: Credential) -> list[str]:
    """What was found beside, and how long it lasts."""
    known = {**credential.known, **settings}
    facts = [
        f"{name} {one_line(known[name])}" for name in ("region", "project", "location", "resource") if known.get(name)
    ]
    if credential.ends is not None:
        facts.append(f"for another {max(credential.ends - time.time(), 0) / 60:.0f} min")
    return facts
