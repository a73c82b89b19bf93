"""The rules of intake, without a database."""
