"""
Intake takes in what citizens say and loses none of it. It decides what an enquiry's public reference is.

Owns: submissions (what was said), milestones (how far each enquiry has come, for the citizen to follow).
"""
