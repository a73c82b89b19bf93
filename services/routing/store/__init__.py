"""Every SQL statement of routing, each above the function that runs it."""
