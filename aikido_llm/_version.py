"""The version: the package's front and the User-Agent read it here."""

__version__ = "0.2.0"
