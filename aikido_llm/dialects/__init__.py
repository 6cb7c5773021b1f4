"""Wire formats, one folder each: Request -> body, and frames -> events. Pure: no I/O, no event loop."""
