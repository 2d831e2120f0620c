"""The list of what is open: documents and the reports in them."""
