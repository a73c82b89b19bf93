"""The rules of routing: where a task goes, who is offered it, and who may do what with it. Pure functions."""
