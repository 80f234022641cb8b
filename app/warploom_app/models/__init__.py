"""Item models over recordings and graphs."""
