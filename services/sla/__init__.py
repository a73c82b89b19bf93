"""
Sla keeps the promises the council has made. It decides when each is due, and whether it was kept.

Owns: clocks (each promise, running or judged), ledger (every change of a clock, with its reason, for good).
"""
