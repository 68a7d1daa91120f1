"""France: the files of IRVE, static and dynamic."""
