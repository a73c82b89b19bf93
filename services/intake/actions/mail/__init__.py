"""What intake can do with mail: keep it, place it, read it from accounts, and send word that it arrived."""
