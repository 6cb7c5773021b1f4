"""What `observed` tells OpenTelemetry: the names, the attributes, the spans."""
