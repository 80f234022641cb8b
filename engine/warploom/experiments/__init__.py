"""The published experiments of IOS, to be repeated on the devices at hand: one file each."""
