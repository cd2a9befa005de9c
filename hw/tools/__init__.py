"""The open tools, called as the package index ships them."""
