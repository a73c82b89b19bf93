"""The council file: its lines, its mistakes, its words."""
