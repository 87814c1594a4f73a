"""Machines of a Ray cluster: one object on each, called from the driver, and what happens when one is lost."""
