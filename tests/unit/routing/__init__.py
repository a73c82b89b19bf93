"""The rules of routing, without a database."""
