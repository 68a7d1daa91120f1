"""The path of an operator's file: read → foretold or stored → a version of its source."""
