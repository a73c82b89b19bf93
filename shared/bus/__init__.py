"""How bytes travel between services: one port, and two carriers behind it."""
