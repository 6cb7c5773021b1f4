"""Start-up: CPU of a new process above that of bare Python, and how many modules it loads."""

import os
import subprocess
import sys
from collections.abc import Iterator

from .measure import ROOT, Goal, Row, Setting, median, peer_python

_OURS = {
    "import": "import aikido_llm",
    "open a client": "import aikido_llm; aikido_llm.open('openai', api_key='k', model='m')",
    "what a stream loads": "import aikido_llm.call.http_client, aikido_llm.transport.aiohttp",
    "aikido-llm --help": "import sys; sys.argv = ['aikido-llm', '--help']; import aikido_llm.__main__ as m; m.main()",
}
_PEERS = {
    "openai": "import openai",
    "anthropic": "import anthropic",
    "google-genai": "from google import genai",
    "ollama": "import ollama",
    "litellm": "import litellm",
    "any-llm": "import any_llm",
    "pydantic-ai": "from pydantic_ai import Agent; import pydantic_ai.models.openai",
    "langchain-openai": "import langchain_openai",
}
_GOAL_MS = 60.0
_GOAL_LITELLM = 20.0  # times ours
_HEAVY = ("aiohttp", "cattrs")


def run(setting: Setting) -> Iterator[Row]:
    cases = {("ours", name): (sys.executable, code) for name, code in _OURS.items()}
    cases |= {(who, "import"): (str(peer_python(who)), _PEERS[who]) for who in setting.peers}
    bare: dict[str, list[float]] = {}
    times: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    for number in range(setting.rounds(10) + 1):
        for case, (python, code) in cases.items():
            if number > 3 and case[0] != "ours":
                continue  # they take seconds
            base, cost = _cpu(python, "pass"), _cpu(python, code)
            if number:  # the first one writes the byte code
                bare.setdefault(python, []).append(base)
                times[case].append((cost - base) * 1e3)
    mine, _ = median(times["ours", "import"])
    for (who, name), values in times.items():
        value, spread = median(values)
        python, code = cases[who, name]
        loaded = _modules(python, code) - _modules(python, "pass")
        details: dict[str, object] = {"modules": len(loaded)}
        if who == "ours":
            details["heavy"] = " ".join(module for module in _HEAVY if module in loaded) or "none"
        yield Row(
            "imports",
            name,
            who,
            value,
            "ms",
            spread,
            Goal(_GOAL_MS) if name == "import" and who == "ours" else None,
            details,
        )
        if who == "litellm":
            yield Row("imports", "import", who, value / mine, "× ours", 0.0, Goal(_GOAL_LITELLM, at_least=True))


def _cpu(python: str, code: str) -> float:
    """CPU seconds of a process that runs code."""
    null = subprocess.DEVNULL
    with subprocess.Popen([python, "-c", code], stdout=null, stderr=null, cwd=ROOT, env=_environment()) as process:
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    """With byte code kept, whatever this shell says: beside the sources nothing is written."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(ROOT / ".bench" / "bytecode")}


def _modules(python: str, code: str) -> set[str]:
    watch = f"import atexit, sys; atexit.register(lambda: print('\\n~', *sorted(sys.modules)))\n{code}"
    command = [python, "-c", watch]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=_environment(), check=False)
    return set(done.stdout.rpartition("~")[2].split())
