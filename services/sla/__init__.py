"""
Sla keeps the promises the council has made. It decides when each is due, and whether it was kept.

Owns: facts (what was heard of each enquiry), standards (every form they had), in_force (which held when), clocks (each
promise, running or judged), ledger (every change of a clock, with its reason, for good), open_tasks (for the figures of
the moment).
"""
