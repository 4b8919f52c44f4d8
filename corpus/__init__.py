"""News articles: read, cleaned, cut into passages and kept. Knows news; knows neither vectors nor questions."""

from corpus.environment import set_offline_environment

set_offline_environment()
