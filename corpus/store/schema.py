"""The collection's tables, and the migrations from each version of the schema to the next."""

from corpus.article import MONTHS

FILE_NAME = "collection.sqlite"
SCHEMA_VERSION = 9
APPLICATION_ID = 0x4454_4C4E  # "DTLN"

_MONTH_CASES = " ".join(f"WHEN '{n:02}' THEN '{name}'" for n, name in enumerate(MONTHS, 1))
_VERSION_1 = f"""
CREATE TABLE articles (
    id TEXT PRIMARY KEY, title TEXT, body TEXT NOT NULL, publisher TEXT, author TEXT,
    published TEXT, earliest TEXT, latest TEXT, url TEXT, found TEXT NOT NULL, raw TEXT NOT NULL,
    added TEXT NOT NULL
) STRICT;
CREATE TABLE origins (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL,
    article TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE
) STRICT;
CREATE INDEX origins_article ON origins(article);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, vector BLOB NOT NULL
) STRICT;
CREATE INDEX passages_article ON passages(article);
CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE VIEW passage_words AS
    SELECT passages.id AS id, title, publisher, substr(body, start + 1, "end" - start) AS body,
        substr(published, 9, 2) || ' ' || CASE substr(published, 6, 2) {_MONTH_CASES} ELSE '' END || ' ' ||
        substr(published, 1, 4) AS dated
    FROM passages JOIN articles ON articles.id = passages.article;
CREATE VIRTUAL TABLE words USING fts5(
    title, publisher, dated, body, content='passage_words', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2'
);
"""
_VERSION_2 = """
CREATE TABLE corrections (
    article TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE, field TEXT NOT NULL, value TEXT,
    PRIMARY KEY (article, field)
) STRICT;
"""
# Days without a leading zero, as questions write them.
_DAY = f"""ltrim(substr(published, 9, 2), '0') || ' ' ||
        CASE substr(published, 6, 2) {_MONTH_CASES} ELSE '' END || ' ' || substr(published, 1, 4)"""
WORDS_VIEW = f"""CREATE VIEW passage_words AS
    SELECT passages.id AS id, title, publisher, substr(body, start + 1, "end" - start) AS body,
        {_DAY} AS dated
    FROM passages JOIN articles ON articles.id = passages.article;"""
# Before version 3 `found` did not say how sure a field is; its position and how it was found tell.
_VERSION_3 = f"""
ALTER TABLE articles ADD COLUMN standfirst TEXT;
ALTER TABLE articles ADD COLUMN section TEXT;
ALTER TABLE articles ADD COLUMN updated TEXT;
UPDATE articles SET found = (
    SELECT json_group_array(json_set(value, '$.sure', CASE
        WHEN value ->> 'how' = 'headline above the text' THEN 'guessed'
        WHEN value ->> 'start' IS NULL THEN 'stated' ELSE 'read' END))
    FROM json_each(articles.found)
);
DROP VIEW passage_words;
{WORDS_VIEW}
INSERT INTO words (words) VALUES ('rebuild');
"""
# Before version 4 what was given with an addition was lost when the file was read again; `found` names it.
_VERSION_4 = """
ALTER TABLE corrections ADD COLUMN how TEXT NOT NULL DEFAULT 'corrected by hand';
INSERT OR IGNORE INTO corrections
    SELECT articles.id, CASE value ->> 'field' WHEN 'date' THEN 'published' ELSE value ->> 'field' END,
        CASE value ->> 'field' WHEN 'date' THEN published WHEN 'publisher' THEN publisher
            WHEN 'title' THEN title WHEN 'url' THEN url END, value ->> 'how'
    FROM articles, json_each(articles.found) WHERE value ->> 'how' = 'given by the user';
"""
TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
# Letters of scripts without spaces are indexed one by one, and marks belong to the letter before them.
# `separate_letters` is a function of ours, which each connection defines.
_VERSION_5 = f"""
DROP TABLE words;
DROP VIEW passage_words;
CREATE VIEW passage_words AS
    SELECT passages.id AS id, separate_letters(title) AS title, separate_letters(publisher) AS publisher,
        separate_letters(substr(body, start + 1, "end" - start)) AS body, {_DAY} AS dated
    FROM passages JOIN articles ON articles.id = passages.article;
CREATE VIRTUAL TABLE words USING fts5(
    title, publisher, dated, body, content='passage_words', content_rowid='id',
    tokenize="{TOKENIZER}"
);
INSERT INTO words (words) VALUES ('rebuild');
"""
_VERSION_6 = "ALTER TABLE articles ADD COLUMN saved TEXT"
# What cleaning left out of the articles. `kept` is 1 for pieces that the user took back.
_VERSION_7 = """
CREATE TABLE removals (
    article TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE, line INTEGER NOT NULL,
    start INTEGER NOT NULL, text TEXT NOT NULL, reason TEXT NOT NULL, kept INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (article, start, kept)
) STRICT;
"""
# Before version 8 the sample was known by its files and by the property that says that it was added.
_VERSION_8 = """
ALTER TABLE articles ADD COLUMN sample INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET sample = 1 WHERE EXISTS (SELECT 1 FROM properties WHERE name = 'sample')
    AND id IN (SELECT article FROM origins WHERE path LIKE '%/corpus/articles/%.md');
"""
# What a person reads of an article has a checksum: its columns and its rows of the tables that belong to it.
# A change sets it to NULL, and the end of the transaction computes it again (`SEAL`). Passages and the word
# index are checked against the text instead.
SEALED_COLUMNS = (
    "id, title, body, publisher, author, published, earliest, latest, url, found, raw, added, standfirst, "
    "section, updated, saved, sample"
)
SEALED_TABLES = {
    "origins": "path, sha256",
    "corrections": "field, value, how",
    "removals": "start, line, text, reason, kept",
}
_ROWS_OF_TABLES = ", ".join(
    f"(SELECT json_group_array(json_array({columns})) FROM "
    f"(SELECT * FROM {table} WHERE article = articles.id ORDER BY {columns}))"
    for table, columns in SEALED_TABLES.items()
)
# `sha256_hex` is a function of ours, which each connection defines.
_CHECKSUM = f"sha256_hex(json_array({SEALED_COLUMNS}, {_ROWS_OF_TABLES}))"
SEAL = f"UPDATE articles SET checksum = {_CHECKSUM} WHERE checksum IS NULL"
SELECT_ALTERED = f"SELECT id FROM articles WHERE checksum IS NOT {_CHECKSUM}"
_TRIGGERS = "".join(
    f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} BEGIN "
    f"UPDATE articles SET checksum = NULL WHERE id = {row}.article; END;\n"
    for table in SEALED_TABLES
    for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
)
_VERSION_9 = f"""
ALTER TABLE articles ADD COLUMN checksum TEXT;
CREATE INDEX articles_unsealed ON articles(id) WHERE checksum IS NULL;
CREATE TRIGGER articles_update AFTER UPDATE OF {SEALED_COLUMNS} ON articles BEGIN \
UPDATE articles SET checksum = NULL WHERE id = new.id; END;
{_TRIGGERS}"""
# The statements that bring a collection of each version to the next. A change of the schema adds an entry
# here and a fixture to the tests.
MIGRATIONS = dict(
    enumerate(
        (
            *(_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6, _VERSION_7, _VERSION_8),
            _VERSION_9,
        )
    )
)
# Indexes over the fields of articles, so that filters, facts about the collection and its hash do not read
# the pages of the texts. They hold nothing that the table does not, so they are made where they are missing.
CREATE_INDEXES = (
    "CREATE INDEX IF NOT EXISTS articles_days ON articles(earliest, latest, publisher, sample, id)",
    "CREATE INDEX IF NOT EXISTS articles_publishers"
    " ON articles(lower(publisher), publisher, earliest, latest, id)",
    "CREATE INDEX IF NOT EXISTS articles_fields"
    " ON articles(id, title, publisher, author, published, url, standfirst, section, updated, saved)",
)
# The terms of the word index as a temporary table, created by each connection.
CREATE_TERMS_TABLE = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, words, row)"
