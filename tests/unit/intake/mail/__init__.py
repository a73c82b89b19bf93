"""The rules about mail."""
