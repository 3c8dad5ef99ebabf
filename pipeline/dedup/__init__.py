"""Similar problems: finding them, telling copies from siblings, who stays."""
