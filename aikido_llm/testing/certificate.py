"""The test server's certificate and its key, and the two contexts made from them.

Neither is a secret: the key is public with this file, signs for localhost, 127.0.0.1 and ::1 alone, and nothing trusts
it but a context from `trusting`. It is valid from 2020 to 2070, so that no run has to make one.
"""

import ssl
import tempfile
from functools import lru_cache
from pathlib import Path

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBuDCCAWCgAwIBAgIBATAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZhaWtpZG9f
bGxtIHRlc3Qgc2VydmVyMCAXDTIwMDEwMTAwMDAwMFoYDzIwNzAwMTAxMDAwMDAw
WjAhMR8wHQYDVQQDDBZhaWtpZG9fbGxtIHRlc3Qgc2VydmVyMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEa4GLKySgCUJ7oSvgj3RnhZU5YJ6abZXh5vFykqguXEbn
o9cZqjpKEHl/d9vh1+bBqtjnlGyD6V/No1FcAk7uA6OBhjCBgzAdBgNVHQ4EFgQU
FqSW4NnV4fV2eOvqG7yL4g6rWYMwLAYDVR0RBCUwI4IJbG9jYWxob3N0hwR/AAAB
hxAAAAAAAAAAAAAAAAAAAAABMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQD
AgKEMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAoGCCqGSM49BAMCA0YAMEMCIGKhGkgq
Ne8fj0Swh8Y/HCKGgVfGsXeSfbUFFEOMCNc9Ah9g/VD8icAE2JS99mH622RPZZ4G
XM5Axw+6kardfHTY
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgq7qAVdm9/V3SLvWt
cf0nDJ6vvAE+DseEtJuMUtEod4ihRANCAARrgYsrJKAJQnuhK+CPdGeFlTlgnppt
leHm8XKSqC5cRuej1xmqOkoQeX932+HX5sGq2OeUbIPpX82jUVwCTu4D
-----END PRIVATE KEY-----
"""


@lru_cache(maxsize=1)
def serving() -> ssl.SSLContext:
    """For the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load(context)
    return context


def load(context: ssl.SSLContext) -> None:
    """Have a server's context show it."""
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads a key from a file only
        path = Path(folder) / "server.pem"
        path.write_text(CERTIFICATE + KEY, encoding="ascii")
        context.load_cert_chain(path)


@lru_cache(maxsize=1)
def trusting() -> ssl.SSLContext:
    """For a client: it trusts this server and no other."""
    return ssl.create_default_context(cadata=CERTIFICATE)
