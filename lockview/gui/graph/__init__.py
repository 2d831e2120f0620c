"""The graph in the window: a panel that chooses the picture, and a view that shows, zooms and picks from it."""
