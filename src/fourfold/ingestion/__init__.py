"""From files to elements to chunks: connectors, parsers, the chunker."""
