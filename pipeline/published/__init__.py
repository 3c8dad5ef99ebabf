"""A set as it is published: its configs, its upload and its way back, comparisons."""
