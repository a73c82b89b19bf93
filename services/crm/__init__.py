"""
Crm keeps what the council knows of an enquiry, and decides what it was told and how it ended.

Owns: enquiries, contacts, timeline, accesses.
"""
