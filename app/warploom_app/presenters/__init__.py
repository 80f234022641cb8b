"""Turn results into view-ready arrays; no widgets."""
