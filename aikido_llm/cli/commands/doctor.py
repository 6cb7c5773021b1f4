"""`aikido-llm doctor`: what is configured, what would be used, and whether it works."""

import asyncio
import os
import sys
import time

import click
from attrs import asdict
from rich.console import Console
from rich.text import Text

import aikido_llm as llm
from aikido_llm.auth.base import Signing
from aikido_llm.providers import find

from ..access import clouds, completing, env_file, keys, settings
from ..access.finding import Finding
from ..access.options import Access, of_environment
from ..terminal import speak
from ..terminal.explain import explain, one_line
from ..terminal.render import safe

_STYLES = {"ok": "green", "FAIL": "bold red", "--": "dim"}


_EPILOG = """\b
Examples:
  aikido-llm doctor
  aikido-llm doctor openai anthropic --timeout 5
  aikido-llm doctor --json
"""


@click.command("doctor", epilog=_EPILOG)
@click.argument("names", nargs=-1, shell_complete=completing.providers)
@click.option("--timeout", type=float, default=10.0, show_default=True, help="Seconds for each check.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(names: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Check the providers (all, or NAMES): one list of models is asked of each that is configured, which costs nothing.
    Of those that are not, all but the names are left out unless NAMES asks.

    Exit status 1 when one that is configured does not work.
    """
    usual = of_environment(None)
    chosen = [find(name).name for name in names] if names else list(llm.providers())
    findings: list[Finding] = []
    if not as_json:
        speak.out(would_use(usual))
    for finding in asyncio.run(_check_all(chosen, usual, timeout)):
        findings.append(finding)
        if as_json:
            speak.line(asdict(finding))
    if not as_json:
        _show(findings if names else [finding for finding in findings if finding.verdict != "--"])
        if not names:
            _name([finding for finding in findings if finding.verdict == "--"])
    if any(finding.verdict == "FAIL" for finding in findings):
        sys.exit(1)


def would_use(usual: Access) -> str:
    """What `aikido-llm chat` without flags does: names and sources, never values that may hold a key."""
    row = usual.row
    said = "LLM_PROVIDER" if os.environ.get("LLM_PROVIDER") else "config" if settings.read().provider else "the default"
    parts = [f"without flags: provider {row.name} ({said})"]
    model = usual.model or row.default_model
    if usual.model:
        parts.append(f"model {model} ({'LLM_MODEL' if usual.model == os.environ.get('LLM_MODEL') else 'config'})")
    elif model:
        parts.append(f"model {model} (the provider's default)")
    elif not usual.dsn:
        parts.append("no model (set LLM_MODEL or pass -m)")
    if usual.dsn:
        parts.append("options of LLM_DSN")
    found = usual.found()
    if found:
        parts.append(f"key from {found.source}")
    elif isinstance(row.auth, Signing):
        parts.append(f"{row.auth.cloud} credentials")
    elif row.key_needed:
        parts.append(found.problem or "no key")
    parts += env_file.said()
    return ", ".join(parts)


async def _check_all(names: list[str], usual: Access, timeout: float) -> list[Finding]:
    """All at once; in the order of the names."""
    waiting = Console(stderr=True).status(f"asking {len(names)} providers") if sys.stderr.isatty() else None
    if waiting is not None:
        waiting.start()
    try:
        return list(await asyncio.gather(*(_check(name, usual, timeout) for name in names)))
    finally:
        if waiting is not None:
            waiting.stop()


async def _check(name: str, usual: Access, timeout: float) -> Finding:
    row = find(name)
    access = usual if usual.row.name == name else Access(name)
    found = access.found()
    if found.problem:
        return Finding(name, "FAIL", found.problem)
    if isinstance(row.auth, Signing) and not found:
        return await clouds.check(name, row, row.auth, access, timeout)
    if row.key_needed and not found:
        variable = row.key_env[0] if row.key_env else "a key in the DSN"
        return Finding(name, "--", f"not configured: set {variable}" + (f" ({row.key_url})" if row.key_url else ""))
    return await _ask(name, access, found, timeout)


async def _ask(name: str, access: Access, found: keys.Found, timeout: float) -> Finding:
    """One list of models."""
    row = find(name)
    started = time.monotonic()
    try:
        client = llm.open(name, access.dsn.reveal(), api_key=found.key, timeout=timeout, retry=None)
        async with client:
            models = await client.list_models()
    except llm.ConnectError as error:
        local = not row.key_needed and not found
        return Finding(name, "--" if local else "FAIL", "no server is running there" if local else explain(error))
    except llm.UnsupportedFeatureError:
        return Finding(name, "ok", f"key from {found.source}; not tried, for it has no list of models to ask for")
    except llm.ConfigError as error:
        return Finding(name, "--", f"key from {found.source}; {error.message}")
    except llm.LLMError as error:
        return Finding(name, "FAIL", explain(error))
    parts = [
        f"key from {found.source}" if found else "no key needed",
        f"{len(models):,} model{'' if len(models) == 1 else 's'}",
    ]
    wanted = client.model if access.model else None
    if wanted and models and not any(model.id.removeprefix("models/") == wanted for model in models):
        parts.append(f"but {one_line(wanted)} is not among them")
    return Finding(name, "ok", f"{', '.join(parts)}, {time.monotonic() - started:.1f} s")


def _name(findings: list[Finding]) -> None:
    """Those that are not configured, or do not run."""
    console = Console()
    names = ", ".join(finding.provider for finding in findings)
    if names:
        console.print(Text(f"--   not set up: {names}", style="dim"))
        speak.err("aikido-llm: `aikido-llm doctor NAME` says what one needs")


def _show(findings: list[Finding]) -> None:
    console = Console()
    width = max((len(finding.provider) for finding in findings), default=0)
    for finding in findings:
        mark = Text(f"{finding.verdict:4} ", style=_STYLES[finding.verdict])
        console.print(mark + Text(safe(f"{finding.provider:{width}}  {finding.text}")), soft_wrap=True)
