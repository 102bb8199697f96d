"""The linear network of section 2.1."""
