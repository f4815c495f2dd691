"""How long the responses of datasets are."""
