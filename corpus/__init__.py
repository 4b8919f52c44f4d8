"""News articles: read, cleaned, cut into passages and kept. Knows news; knows neither vectors nor questions."""

from corpus.silence import silence

silence()
