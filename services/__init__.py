"""The four services of the contact centre, and the command line where they meet."""
