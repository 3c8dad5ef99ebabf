"""Work on parts of tables: here, or on the machines of a Ray cluster."""
