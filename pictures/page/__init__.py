"""A page that plays both passes: its template, its scripts, and what puts them together."""
