"""Coverage-guided fuzzing of one target: `python -m tests.fuzz openai_chat --seconds 60`.

A finding is written to tests/fuzz/regressions/NAME/; when it is mended the file stays, as a regression case.
"""

import argparse
import random
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

REGRESSIONS = Path(__file__).parent / "regressions"
_LONGEST = 16_000  # bytes of an input
_SLOWEST = 10  # s for one input, after which it counts as a hang
_MEMORY = 1500  # MiB


def main() -> None:
    names = ("openai_chat", "openai_responses", "anthropic_messages", "gemini_generate", "cohere_chat", "ollama_chat",
             "bedrock_converse", "bedrock_invoke", "sse", "ndjson", "json_array", "eventstream", "lines")  # fmt: skip
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--no-seeds", action="store_true", help="begin with nothing (starts faster)")
    options = parser.parse_args()
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["aikido_llm"]):
        from tests.fuzz import targets
    from tests.fuzz.mutate import mutate

    found = REGRESSIONS / options.name
    found.mkdir(parents=True, exist_ok=True)
    corpus = Path(tempfile.mkdtemp(prefix="fuzz-"))
    if not options.no_seeds:
        _write_seeds(options.name, corpus)

    def change(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.2:
            return bytes(atheris.Mutate(data, most))
        return mutate(data, rng)[:most]

    arguments = [f"-max_total_time={options.seconds}", f"-max_len={_LONGEST}", f"-timeout={_SLOWEST}",
                 f"-rss_limit_mb={_MEMORY}", f"-artifact_prefix={found}/", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], targets.TARGETS[options.name].run, custom_mutator=change)
    atheris.Fuzz()


def _write_seeds(name: str, corpus: Path) -> None:
    from tests.fuzz.seeds import seeds

    cases = sorted((REGRESSIONS / name).glob("*"))
    for number, seed in enumerate([*seeds(name), *(case.read_bytes() for case in cases)]):
        (corpus / f"seed-{number:04}").write_bytes(seed)


if __name__ == "__main__":
    main()
