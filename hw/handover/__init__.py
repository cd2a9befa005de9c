"""What an FPGA engineer takes away beside the netlist: an instantiation, test vectors, a test bench."""
