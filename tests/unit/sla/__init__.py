"""The rules of sla, without a database."""
