"""The rules of crm, without a database."""
