"""The types of the schema, one file per family. What SQL answers of them: queries/public_shapes."""
