"""Chat models and embedders, and the weights of the embedded ones."""
