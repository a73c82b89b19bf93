"""Sla on a real database."""
