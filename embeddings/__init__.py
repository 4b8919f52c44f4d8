"""Make articles searchable: encode them, index the vectors, and rerank sentences."""

import corpus as corpus  # sets the offline environment before torch is imported
