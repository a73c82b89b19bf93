"""What the product promises while its parts are killed, stopped, doubled and shuffled."""
