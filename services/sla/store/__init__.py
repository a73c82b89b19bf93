"""Every SQL statement sla runs, each above the function that runs it, by what it is about."""
