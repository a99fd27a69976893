"""What we do: one verb a file; ports go in, domain values come out."""
