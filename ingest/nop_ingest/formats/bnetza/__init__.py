"""Germany: the register of the Bundesnetzagentur (BNetzA)."""
