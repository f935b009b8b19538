"""The textbook side: derivatives as formulas, simplified exactly."""
