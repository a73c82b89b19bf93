"""The kernel alone: two toy services that speak to each other through everything `shared` has."""
