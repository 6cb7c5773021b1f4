"""Recorded exchanges with real services, and an independent judge of what they say."""
