"""A CPO that does not exist, for those who develop the other side: `nop mock-cpo`.

The demo nation's stations behind OCPI 2.1.1, 2.2.1 and 2.3.0: versions, details, the credentials
handshake both ways, Sender lists, pushes to a platform's Receiver, and faults of real servers that
can be switched on. Everything is a function of a seed, the clock and the requests made.
"""
