"""What intake can do: receive contacts, keep files, follow how enquiries fare, send messages."""
