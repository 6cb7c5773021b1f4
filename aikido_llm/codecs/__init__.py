"""JSON, base64 and free plain data: the one place that names each library for them."""
