"""
Routing decides which adviser is offered which task, and when.

Owns: queues, tasks, offers, advisers, slots.
"""
