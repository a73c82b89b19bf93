"""Tests with a real database and, where it matters, a real broker."""
