"""An app with its own user and session models, as many sites have."""
