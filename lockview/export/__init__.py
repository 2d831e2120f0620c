"""A model or a drawing to bytes: kernel wording, JSON, SVG, DOT, Mermaid and plain text."""
