"""How good it is: questions, scores, statistics, benchmarks; the only room that sees all others."""
