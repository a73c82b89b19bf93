"""Crm on a real database."""
