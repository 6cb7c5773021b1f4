"""The test server against the vendors' own SDKs: what they see of it, our client must see too.

`make cross-check` makes an environment for each SDK under `.venv-sdks/` and prints a table. A script of one SDK runs in
its own environment, is told where the server is, and writes what it saw as JSON; `ours.py` does so with our client.
"""
