"""Killed while mail is sent (P28): nobody gets a second copy where that can be asked, at most one where it cannot."""
