"""Holds what services have promised to say against what they say now."""
