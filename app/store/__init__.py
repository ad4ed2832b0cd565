"""What editors keep: documents, their edits and decisions, dismissals, glossaries and thresholds, in one database."""
