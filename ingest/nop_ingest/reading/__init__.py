"""What formats share: a received file opened, its tables, items and words read."""
