"""Real engines and independent emulators on loopback, for end-to-end tests."""
