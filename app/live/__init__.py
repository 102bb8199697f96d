"""The live runs: training on the server, the routes that serve them, and the component that draws them."""
