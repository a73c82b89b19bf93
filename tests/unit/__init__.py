"""Rules, alone."""
