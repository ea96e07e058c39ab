"""What is known: articles, docs and metric tables, read, validated, dated and attributed; knows nothing of search."""
