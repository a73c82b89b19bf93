"""What holds the house together, checked without a database."""
