"""Every SQL statement of crm, each above the function that runs it: one module for each kind of row."""
