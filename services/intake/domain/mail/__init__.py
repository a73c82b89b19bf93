"""The rules about mail: what tells one from another, what stands in it, what kind it is, where it belongs."""
