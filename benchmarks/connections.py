"""Many calls at once of a client that has no connection yet, to one host by TLS: CPU of the client."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from aikido_llm.testing import certificate

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, interleave, median, ratios, server, workers

_DIALECT = "openai_chat"


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(500, 8)
    with tempfile.TemporaryDirectory() as folder:
        trusted = Path(folder) / "server.pem"  # what `ssl` trusts where a client says nothing
        trusted.write_text(certificate.CERTIFICATE, encoding="ascii")
        with server(tls=True) as root, workers(OURS, FLOOR, SSL_CERT_FILE=str(trusted)) as running:
            job = {"verb": "connect", "dialect": _DIALECT, "provider": PROVIDERS[_DIALECT], "count": count}
            job["url"] = url_of(root, _DIALECT, "text20")
            samples = interleave(running, setting.rounds(8), job)
    value, spread = median(ratios(samples["ours"], samples["floor"]))
    details = {f"{who} µs": median([run["cpu"] * 1e6 for run in runs])[0] for who, runs in samples.items()}
    yield Row("connections", f"{count} at once", "ours", value, "× floor", spread, Goal(1.1), details)
