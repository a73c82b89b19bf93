"""What leaves intake, and what it keeps outside the database: files, outgoing messages, the key that signs links."""
