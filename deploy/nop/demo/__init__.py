"""A simulated nation: operators of India that do not exist, behind real OCPI 2.2.1 on loopback.

Everything is a function of a seed and the clock, so a restart goes on where it was. Every name
says "(simulated)". The platform pulls it like any other operator; nothing is inserted behind it.
"""
