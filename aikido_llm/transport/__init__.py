"""HTTP, and nothing about language models."""
