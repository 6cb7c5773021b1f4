"""How fast a client may ask: buckets, what hosts say of their own limits, who waits, and what is shared by Redis."""
