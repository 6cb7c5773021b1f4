"""Errors: those of all wires of AWS."""

from ..exceptions import decode_error, failed, in_band, thrown

__all__ = ["decode_error", "failed", "in_band", "thrown"]
