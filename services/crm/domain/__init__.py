"""The rules of crm: every one a function of its arguments, without a database."""
