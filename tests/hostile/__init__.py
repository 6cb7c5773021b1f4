"""Servers that mean harm, each against every wire: what a call costs stays bounded, whatever they send."""
