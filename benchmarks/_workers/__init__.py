"""Scripts that run in processes of their own, some in the peers' environment. Each prints one JSON object last."""
