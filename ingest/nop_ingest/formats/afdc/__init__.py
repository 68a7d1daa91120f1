"""United States: the files of the Alternative Fuels Data Center (AFDC)."""
