"""Every bound in one place. Knows numbers and why they are what they are."""

# What a person may send.
QUESTION_CHARS = 2_000  # a long paragraph; a pasted article is refused, not cut; DATELINE_QUESTION says otherwise
HISTORY_TURNS = 12  # older turns carry nothing that a follow-up leans on
TURN_CHARS = 8_000
EXCHANGES = 200  # questions of one conversation, which travels with each of them
KEPT_PARTS = 100  # statements, sources or remarks of an answer that comes back from a browser
FILTER_VALUES = 50  # publishers or articles in one filter

# What one question may cost.
QUEUE = 16  # questions waiting; the next is told to come back; DATELINE_QUEUE says otherwise
SEARCH_HITS = 50  # the most that /search returns
CANDIDATES = 100  # passages that each search hands to the fusion
ANSWER_TOKENS = 160  # a short answer; a small reader rambles after that
ANSWER_SECONDS = 120.0  # then the model process counts as hung and is replaced
START_SECONDS = 120.0  # loading a large GGUF from a slow disk
EVIDENCE_CHARS = 600  # of one sentence in a prompt; longer ones are lists or tables
EOF_GRACE_SECONDS = 2.0  # for the model process to end by itself when asked

# The list of articles, and what a page or a script may add.
LISTED, LISTED_MOST = 50, 500  # lines of the list; the most that one request returns
SEARCH_CHARS = 200  # words looked for in the list
UPLOADS = 1_000  # files of one addition; more are a case for the command line
PROPOSAL_BYTES, PROPOSALS_BYTES = 64_000, 5_000_000  # of one proposed gold question; of the file of them, which a person reads
FIELD_CHARS = 1_000  # of a headline, publisher, author or address that a person gives
