"""`accesspoint import`: files, maps, rows, sending, without a database."""
