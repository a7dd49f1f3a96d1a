"""Parse, chunk, embed, write: incremental, resumable, in one transaction a document."""
