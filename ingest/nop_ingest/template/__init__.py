"""Our own formats written: templates to fill in, what each field means, and their JSON Schema."""
