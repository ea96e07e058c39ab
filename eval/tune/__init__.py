"""Tuning: training questions, and the command that makes the trained weights that ship."""
