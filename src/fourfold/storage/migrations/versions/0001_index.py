"""The index: files, documents, failures, chunks, and the words' statistics."""

from alembic import op

revision = "0001"
down_revision = None

FILES = """
CREATE TABLE fourfold.files (
    source text NOT NULL,
    path text NOT NULL,
    size_bytes bigint NOT NULL,
    modified_ns bigint NOT NULL,
    content_hash text NOT NULL,
    groups text[] NOT NULL,
    metadata jsonb NOT NULL,
    pipeline text NOT NULL,
    failed boolean NOT NULL,
    PRIMARY KEY (source, path)
)
"""
DOCUMENTS = """
CREATE TABLE fourfold.documents (
    id text PRIMARY KEY,
    source text NOT NULL,
    file text NOT NULL,
    path text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    content_hash text NOT NULL,
    media_type text NOT NULL,
    language text NOT NULL,
    groups text[] NOT NULL,
    metadata jsonb NOT NULL,
    indexed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, path)
);
CREATE INDEX documents_file ON fourfold.documents (source, file)
"""
FAILURES = """
CREATE TABLE fourfold.failures (
    source text NOT NULL,
    file text NOT NULL,
    path text NOT NULL,
    cause text NOT NULL,
    message text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, path)
);
CREATE INDEX failures_file ON fourfold.failures (source, file)
"""
# `tags` holds everything a search can filter by, permissions included, so one index serves all.
# The vectors have tables of their own, one for each embedder, made when it first writes:
# an index of vectors needs their length, and vectors of two embedders must never meet.
CHUNKS = """
CREATE TABLE fourfold.embedders (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    dimensions int NOT NULL
);
CREATE TABLE fourfold.chunks (
    number bigserial PRIMARY KEY,
    id text NOT NULL,
    embedder int NOT NULL REFERENCES fourfold.embedders,
    document_id text NOT NULL,
    source text NOT NULL,
    path text NOT NULL,
    title text NOT NULL,
    language text NOT NULL,
    media_type text NOT NULL,
    groups text[] NOT NULL,
    metadata jsonb NOT NULL,
    place jsonb NOT NULL,
    text text NOT NULL,
    tags text[] NOT NULL,
    term_ids int[] NOT NULL,
    terms sparsevec(1000000000) NOT NULL,
    UNIQUE (id, embedder)
);
ALTER TABLE fourfold.chunks ALTER COLUMN terms SET STORAGE MAIN;
CREATE INDEX chunks_document ON fourfold.chunks (document_id);
CREATE INDEX chunks_tags ON fourfold.chunks USING gin (tags) WITH (fastupdate = off);
CREATE INDEX chunks_term_ids ON fourfold.chunks USING gin (term_ids) WITH (fastupdate = off)
"""
# Document frequencies for BM25, and the vocabulary that compounds are looked up in.
TERMS = """
CREATE TABLE fourfold.terms (
    term text COLLATE "C" NOT NULL,
    embedder int NOT NULL REFERENCES fourfold.embedders,
    id int NOT NULL,
    chunks int NOT NULL,
    PRIMARY KEY (term, embedder)
) WITH (fillfactor = 70);
CREATE INDEX terms_id ON fourfold.terms (id);
CREATE INDEX terms_ending ON fourfold.terms (reverse(term) COLLATE "C");
CREATE TABLE fourfold.word_statistics (
    embedder int PRIMARY KEY REFERENCES fourfold.embedders,
    chunks bigint NOT NULL
)
"""


def upgrade() -> None:
    for statements in (FILES, DOCUMENTS, FAILURES, CHUNKS, TERMS):
        for statement in statements.split(";\n"):
            op.execute(statement)
