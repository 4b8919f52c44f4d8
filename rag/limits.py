"""The limits of what is accepted, computed and returned; they protect the computer or a person."""

# What a person may send.
MAX_QUESTION_CHARS = 2_000  # a long paragraph; the default of DATELINE_QUESTION
MAX_HISTORY_TURNS = 12  # a follow-up does not refer to older turns
MAX_TURN_CHARS = 8_000
MAX_EXCHANGES = 200  # questions of one conversation; the browser sends all of them with each question
MAX_ANSWER_PARTS = 100  # statements, sources or remarks of an answer that comes back from a browser
MAX_ANSWER_ARTICLES = 1_000  # articles that such an answer may name; each is looked up
MAX_FILTER_VALUES = 50  # publishers or articles in one filter

# What one question may cost.
MAX_QUEUE = 16  # questions waiting; the default of DATELINE_QUEUE
CONCURRENT_SEARCHES = 2  # questions whose evidence is found at a time; more would all take longer
MAX_SEARCH_HITS = 50  # hits returned by /search
CANDIDATES = 100  # passages that each search contributes to the fusion
MAX_ANSWER_TOKENS = 160  # a short answer; small models digress after that
ANSWER_TIMEOUT_SECONDS = 120.0  # then the worker process counts as hung and is replaced
CONNECT_TIMEOUT_SECONDS = 5.0  # for a model server to accept a connection
SERVER_ATTEMPTS = 3  # of a request to a model server that fails in passing
SERVER_RETRY_SECONDS = 4.0  # between two of them
CANCEL_TIMEOUT_SECONDS = 1.5  # for the worker process to stop; then another is started, in half a second
START_TIMEOUT_SECONDS = 120.0  # time to load a large GGUF file from a slow disk
MAX_EVIDENCE_CHARS = 600  # of one sentence in a prompt; longer ones are lists or tables
EOF_GRACE_SECONDS = 2.0  # for the worker process to end by itself after its input is closed

# The list of articles, and what is added by the page or a script.
LIST_LENGTH = 50  # articles of the list that are shown at first
MAX_LIST_LENGTH = 500  # articles of the list in one response
MAX_LIST_SEARCH_CHARS = 200  # of the words that the list is searched for
MAX_UPLOADS = 1_000  # files of one addition; the command line takes more
MAX_PROPOSAL_BYTES = 64_000  # of one proposed gold question
MAX_PROPOSAL_FILE_BYTES = 5_000_000  # of the file of proposals, which a person reads
MAX_FIELD_CHARS = 1_000  # of a headline, publisher, author or address that a person enters

# The p-value below which a difference between two runs counts, by convention.
SIGNIFICANCE_LEVEL = 0.05
