"""Verilog compiled to a program by Verilator: a bench around it, a harness that drives it, a cache of programs."""
