"""The ways between registers that may limit a design's clock, by what lies on them."""
