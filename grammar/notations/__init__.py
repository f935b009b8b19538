"""Formulas as other places write them, translated for a hint. Nothing here is ever read in silence.

A text that is not of the language is taken to pieces, and each notation that is known is rewritten: those of LaTeX as
text, the others as tokens. What comes out is suggested only if it can be read; whatever may mean two things is left.
"""
