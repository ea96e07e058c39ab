"""Tuning of the embedded models: training data, recipes, and the command that makes the shipped weights."""
