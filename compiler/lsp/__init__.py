"""A language server for rules files: what an editor shows and offers while they are written."""
