"""A scheduled network as gateware: which sums each layer forms, and the parts joined from port to port."""
