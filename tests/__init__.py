"""Everything that shows Accesspoint to work: tests, and what `make faults`, `bench` and `proof` run."""
