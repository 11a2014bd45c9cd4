"""Where every activation lies: lifetimes, memory shared in place, offsets in one arena."""
