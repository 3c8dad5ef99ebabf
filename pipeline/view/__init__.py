"""A local page on the tables: the funnel, every row and its life, samples, hits."""
