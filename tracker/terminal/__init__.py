"""The terminal: views as text a person reads, at any width, with or without colour. Knows views and Rich only."""
