"""
Crm keeps what the council knows of its citizens and their enquiries, and what advisers decide about them.

Owns: citizens, identifiers, suggestions, enquiries, contacts, contact_enquiries, attachments, links, tasks,
enquiry_queues, timeline, accesses.
"""
