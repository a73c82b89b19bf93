"""The rules of intake, each a function of its arguments: references, contacts, files, progress, messages."""
