"""One file a command: its options, and what it does with what the other folders give."""
