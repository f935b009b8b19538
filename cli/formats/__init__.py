"""Answers as text. `registry` lists the formats and says how to add one."""
