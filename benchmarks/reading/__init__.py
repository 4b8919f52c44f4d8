"""Make labelled files of saved news, and score what the product reads of them."""
