"""Every SQL statement intake runs, each above the function that runs it: by what it is about."""
