"""One file per dataset schema: `adapt(row)` reads a row; some also `generate` rows."""
