"""
Intake takes in what citizens say by every channel and loses none of it, and carries what they are told.

Owns: contacts and submissions (what was said), files, messages and attempts (what goes out), steps and promises (how
each enquiry fares, for its citizen to follow).
"""
