"""The vocabulary: plain values, no behaviour beyond their own shape."""
