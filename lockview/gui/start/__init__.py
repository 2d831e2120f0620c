"""The middle while there is no picture: the start page, and the page of a log in which no report was found."""
