"""Rules of EN 16931 on the model, under their official ids, one module per family."""
