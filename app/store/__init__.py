"""What is kept, in one database: editors' documents, edits, decisions, dismissals, glossaries, thresholds; jobs."""
