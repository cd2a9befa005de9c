# Digilent Arty A7-35T, revisions D and E, AMD XC7A35TICSG324-1L, oscillator of 100 MHz.
# Pins: Digilent's master constraints of the board (github.com/Digilent/digilent-xdc), held by a test against
# amaranth-boards. A port whose name ends in _n is active low.

set_property -dict { PACKAGE_PIN E3 IOSTANDARD LVCMOS33 } [get_ports clk]
create_clock -name clk -period 10.000 [get_ports clk]

# Red button, CK_RST.
set_property -dict { PACKAGE_PIN C2 IOSTANDARD LVCMOS33 } [get_ports rst_n]

# FT2232HQ. Pulled up: without a host nothing is received.
set_property -dict { PACKAGE_PIN A9 IOSTANDARD LVCMOS33 PULLUP TRUE } [get_ports uart_rx]
set_property -dict { PACKAGE_PIN D10 IOSTANDARD LVCMOS33 } [get_ports uart_tx]

# Pmod JA in the order of Digilent's SPI type: chip select 1, COPI 2, CIPO 3, SCK 4. This board is the peripheral.
set_property -dict { PACKAGE_PIN G13 IOSTANDARD LVCMOS33 PULLUP TRUE } [get_ports spi_cs_n]
set_property -dict { PACKAGE_PIN B11 IOSTANDARD LVCMOS33 } [get_ports spi_copi]
set_property -dict { PACKAGE_PIN A11 IOSTANDARD LVCMOS33 } [get_ports spi_cipo]
set_property -dict { PACKAGE_PIN D12 IOSTANDARD LVCMOS33 } [get_ports spi_sck]

# Lights LD4 and LD5.
set_property -dict { PACKAGE_PIN H5 IOSTANDARD LVCMOS33 } [get_ports led_ready]
set_property -dict { PACKAGE_PIN J5 IOSTANDARD LVCMOS33 } [get_ports led_error]

# Voltage of the bank that configures the device.
set_property CFGBVS VCCO [current_design]
set_property CONFIG_VOLTAGE 3.3 [current_design]
