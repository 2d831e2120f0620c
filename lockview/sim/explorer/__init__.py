"""Strategies that look for deadlocks and broken invariants, and the verdicts that they allow."""
