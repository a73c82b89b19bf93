"""What the product can carry on this machine: rates, latencies and memory, beside what the machine itself can do."""
