"""The history of the tables; shipped with the package and applied when a database is opened."""
