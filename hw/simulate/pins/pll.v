// Phase-locked loops as wires: the chip's clock is then the oscillator's, and every clock is counted alike.

module SB_PLL40_CORE #(
    parameter FEEDBACK_PATH = "SIMPLE", parameter PLLOUT_SELECT = "GENCLK",
    parameter [3:0] DIVR = 0, parameter [6:0] DIVF = 0, parameter [2:0] DIVQ = 0, parameter [2:0] FILTER_RANGE = 0
) (input REFERENCECLK, input RESETB, input BYPASS, output PLLOUTGLOBAL, output PLLOUTCORE, output LOCK);
    assign PLLOUTGLOBAL = REFERENCECLK;
    assign PLLOUTCORE = REFERENCECLK;
    assign LOCK = 1'b1;
endmodule

module SB_PLL40_PAD #(
    parameter FEEDBACK_PATH = "SIMPLE", parameter PLLOUT_SELECT = "GENCLK",
    parameter [3:0] DIVR = 0, parameter [6:0] DIVF = 0, parameter [2:0] DIVQ = 0, parameter [2:0] FILTER_RANGE = 0
) (input PACKAGEPIN, input RESETB, input BYPASS, output PLLOUTGLOBAL, output PLLOUTCORE, output LOCK);
    assign PLLOUTGLOBAL = PACKAGEPIN;
    assign PLLOUTCORE = PACKAGEPIN;
    assign LOCK = 1'b1;
endmodule

module EHXPLLL #(
    parameter CLKI_DIV = 1, parameter CLKFB_DIV = 1, parameter FEEDBK_PATH = "CLKOP",
    parameter CLKOS_ENABLE = "DISABLED", parameter CLKOS_DIV = 1, parameter CLKOS_CPHASE = 0,
    parameter CLKOP_ENABLE = "ENABLED", parameter CLKOP_DIV = 1, parameter CLKOP_CPHASE = 0
) (input CLKI, input CLKFB, input RST, input STDBY, output CLKINTFB, output CLKOP, output LOCK);
    assign CLKOP = CLKI;
    assign CLKINTFB = CLKI;
    assign LOCK = 1'b1;
endmodule
