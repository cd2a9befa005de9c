// A block memory as its one reader and its one writer see it, each with a word width of its own.
//
// The memory is made of groups of nine bits: eight that every width can address, and a ninth that goes along with
// words of 9 bits and more. Addresses count the eight; a wider word leaves the low bits of its address unread.
// A word comes one clock after its address. Where `COLLISIONS_OPEN` is set, the device leaves open what is read in
// the clock in which it is written, and the word comes out inverted here, so that a design which relies on it fails;
// otherwise the word is the old one.
module spikeloom_block_ram #(
    parameter GROUP_BITS = 11,   // of the index of a group
    parameter READ_WIDTH = 9,    // of a word: 1, 2, 4, 9, 18, 36 or 72
    parameter WRITE_WIDTH = 9,
    parameter COLLISIONS_OPEN = 0,
    parameter [(9 << GROUP_BITS) - 1:0] INIT = 0
) (
    input clock,
    input read,
    input [GROUP_BITS + 2:0] read_address,
    output reg [READ_WIDTH - 1:0] read_word = 0,
    input [1:0] write,                          // both at once
    input [(WRITE_WIDTH + 8) / 9 - 1:0] lanes,  // which groups of the word
    input [GROUP_BITS + 2:0] write_address,
    input [WRITE_WIDTH - 1:0] write_word
);
    // How many bits of an address tell apart what is within a word.
    localparam READ_SPAN = READ_WIDTH < 9 ? $clog2(READ_WIDTH) : 3 + $clog2(READ_WIDTH / 9);
    localparam WRITE_SPAN = WRITE_WIDTH < 9 ? $clog2(WRITE_WIDTH) : 3 + $clog2(WRITE_WIDTH / 9);
    localparam SPAN = READ_SPAN > WRITE_SPAN ? READ_SPAN : WRITE_SPAN;
    wire [GROUP_BITS + 2:0] read_first = read_address >> READ_SPAN << READ_SPAN;
    wire [GROUP_BITS + 2:0] write_first = write_address >> WRITE_SPAN << WRITE_SPAN;
    wire writes = &write;
    wire collides = COLLISIONS_OPEN && writes && lanes != 0 && read_address >> SPAN == write_address >> SPAN;

    reg [8:0] groups [0:(1 << GROUP_BITS) - 1];
    integer i;
    initial for (i = 0; i < 1 << GROUP_BITS; i = i + 1) groups[i] = INIT[9 * i +: 9];

    wire [READ_WIDTH - 1:0] stored;
    genvar lane;
    generate
        if (READ_WIDTH < 9) begin : read_part
            wire [8:0] group = groups[read_first[GROUP_BITS + 2:3]];
            assign stored = group[read_first[2:0] +: READ_WIDTH];
        end else for (lane = 0; lane < READ_WIDTH / 9; lane = lane + 1) begin : read_lane
            assign stored[9 * lane +: 9] = groups[read_first[GROUP_BITS + 2:3] + lane];
        end
        if (WRITE_WIDTH < 9) begin : write_part
            always @(posedge clock)
                if (writes && lanes[0]) groups[write_first[GROUP_BITS + 2:3]][write_first[2:0] +: WRITE_WIDTH] <= write_word;
        end else for (lane = 0; lane < WRITE_WIDTH / 9; lane = lane + 1) begin : write_lane
            always @(posedge clock)
                if (writes && lanes[lane]) groups[write_first[GROUP_BITS + 2:3] + lane] <= write_word[9 * lane +: 9];
        end
    endgenerate
    always @(posedge clock) if (read) read_word <= collides ? ~stored : stored;
endmodule
