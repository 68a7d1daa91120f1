"""OCPI objects as they come over the wire: tolerant structs, and how they become records.

The structs know the fields of 2.1.1, 2.2.1 and 2.3.0 together, because real feeds mix them.
"""
