"""Clients that mean no good, or know no better: generated calls at every operation, and every role at every route."""
