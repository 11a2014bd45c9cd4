"""Built firmware as a library in the layout of another ecosystem."""
