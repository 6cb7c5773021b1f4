"""Megabytes on disk after an install: the package and all that it requires, as the Python that has it sees them."""

import json
import subprocess
import sys
from collections.abc import Iterator

from .measure import HERE, ROOT, Row, Setting, distribution_of, peer_python


def run(setting: Setting) -> Iterator[Row]:
    wanted = {"ours": (sys.executable, "aikido-llm")}
    wanted |= {who: (str(peer_python(who)), distribution_of(who)) for who in setting.peers}
    for who, (python, name) in wanted.items():
        source = str(ROOT / "aikido_llm") if who == "ours" else ""
        command = [python, str(HERE / "peers" / "size_of.py"), name, source]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        size, packages = json.loads(done.stdout)
        yield Row("install_size", "with dependencies", who, size / 1e6, "MB", details={"packages": packages})
