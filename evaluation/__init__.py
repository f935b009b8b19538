"""A program at a point: values, adjoints, warnings and notes."""
