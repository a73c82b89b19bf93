"""
Routing decides which adviser is offered which task, and when.

Owns: queues, the catalogue, tasks, offers, advisers, slots.
"""
