"""Rules, events and a source of events for the examples."""
