"""Bytes to reports. A parser never raises on bad input: it returns what it could read, and the problems."""
