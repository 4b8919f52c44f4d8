"""How well raw saved news is read. Makes labelled files and scores what the product finds in them; the product knows nothing of it."""
