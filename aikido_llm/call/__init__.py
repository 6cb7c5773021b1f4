"""One call: a Request -> the last event of its answer."""
