"""The command line: arguments in; tables, text and pictures out."""
