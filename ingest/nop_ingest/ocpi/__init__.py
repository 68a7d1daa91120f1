"""OCPI as HTTP and protocol. What the data means is read in versions/."""
