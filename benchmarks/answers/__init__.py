"""Compare whole answers of the product, without each of its steps, and of a newcomer's recipe."""
