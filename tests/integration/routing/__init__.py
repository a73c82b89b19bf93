"""Routing by a council file: triage, skills, capacity, transfers, the worklist, and two replicas at once."""
