"""Our own template, as tables (CSV, XLSX) and as JSON."""
