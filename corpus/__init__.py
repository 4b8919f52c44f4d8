"""News articles: reading files, cleaning their text, splitting it into passages and storing them."""

from corpus.environment import set_offline_environment

set_offline_environment()
