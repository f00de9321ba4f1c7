"""Documents, HTML and PDF from one model."""
