"""Every bound in one place. Knows numbers and why they are what they are."""

# What a person may send.
MAX_QUESTION_CHARS = (
    2_000  # a long paragraph; a pasted article is refused, not cut; DATELINE_QUESTION says otherwise
)
MAX_HISTORY_TURNS = 12  # older turns carry nothing that a follow-up leans on
MAX_TURN_CHARS = 8_000
MAX_EXCHANGES = 200  # questions of one conversation, which travels with each of them
MAX_ANSWER_PARTS = 100  # statements, sources or remarks of an answer that comes back from a browser
MAX_ANSWER_ARTICLES = 1_000  # articles that such an answer may name; each is looked up
MAX_FILTER_VALUES = 50  # publishers or articles in one filter

# What one question may cost.
MAX_QUEUE = 16  # questions waiting; the next is told to come back; DATELINE_QUEUE says otherwise
MAX_SEARCH_HITS = 50  # the most that /search returns
CANDIDATES = 100  # passages that each search hands to the fusion
MAX_ANSWER_TOKENS = 160  # a short answer; a small reader rambles after that
ANSWER_TIMEOUT_SECONDS = 120.0  # then the model process counts as hung and is replaced
START_TIMEOUT_SECONDS = 120.0  # loading a large GGUF from a slow disk
MAX_EVIDENCE_CHARS = 600  # of one sentence in a prompt; longer ones are lists or tables
EOF_GRACE_SECONDS = 2.0  # for the model process to end by itself when asked

# The list of articles, and what a page or a script may add.
LIST_LENGTH, MAX_LIST_LENGTH = 50, 500  # lines of the list; the most that one request returns
MAX_LIST_SEARCH_CHARS = 200  # words looked for in the list
MAX_UPLOADS = 1_000  # files of one addition; more are a case for the command line
MAX_PROPOSAL_BYTES, MAX_PROPOSAL_FILE_BYTES = (
    64_000,
    5_000_000,
)  # of one proposed gold question; of the file of them, which a person reads
MAX_FIELD_CHARS = 1_000  # of a headline, publisher, author or address that a person gives
