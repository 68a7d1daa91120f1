"""The conformance probe: play OCPI's contract against an operator and say what deviates.

It only reads, it writes nothing anywhere, and it ends within its time whatever the peer does. Its
delivery report is made by the same decoding, normalising and checking as a pull.
"""
