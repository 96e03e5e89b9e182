"""What there is in a ruleset, for people: rules, macros, lists, and who uses what."""
