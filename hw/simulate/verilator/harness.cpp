// Drives a verilated bench clock by clock, with files of the working folder:
//
//   spikes.bin   in: words of the spike stream, each in whole bytes, low byte first
//   loads.bin    in: two bytes for each byte of weight frames: the byte, and whether it is a frame's first
//   events.bin   in: kind, clock and length, 64 bits each, in order of their clocks (those of a reset do not count)
//   starts.bin   out: the clock in which each spike's first word was taken, 64 bits
//   results.bin  out: a result's spike and its clock, 64 bits each, then its word in whole bytes
//   tapK.bin     out: the words that passed tap K, each in whole bytes
//
// Results so far go to standard output, one line for each percent. Arguments are NAME=NUMBER, but for vcd=FILE; they
// are read in `Bench`. Frames are loaded before the first spike. A reset drops the spikes that are on their way, and
// the rest of the one that is being sent; what follows is numbered as it would be without.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "Vbench.h"
#include "verilated.h"
#ifdef WAVEFORMS
#include "verilated_vcd_c.h"
#endif

enum Ending { DONE = 0, NO_FILE = 3, STUCK = 5, UNSTABLE = 6 };
enum Kind : uint64_t { RESET, STOP_LOW, STOP_HIGH, UPSET };
constexpr uint64_t LOAD_SETTLES = 8;  // clocks from a frame's last byte until a spike may be offered

struct Event {
    uint64_t kind, clock, length;
};

using Arguments = std::map<std::string, std::string>;

static FILE* opened(const std::string& name, const char* mode) {
    FILE* file = std::fopen(name.c_str(), mode);
    if (file == nullptr) std::exit(NO_FILE);
    return file;
}

static std::vector<Event> events_of(FILE* file) {
    std::vector<Event> events;
    for (Event event; std::fread(&event, sizeof event, 1, file) == 1;) events.push_back(event);
    std::fclose(file);
    return events;
}

// Words that pass a stream inside the design: a byte that tells whether one passes, then the word.
struct Tap {
    FILE* file;
    size_t offset, size;
};

class Bench {
  public:
    explicit Bench(const Arguments& given)
        : n_words(number(given, "words")), n_results(number(given, "results")),
          words_per_spike(number(given, "words_per_spike")), hold_after(number(given, "hold_after")),
          quiet_cap(number(given, "quiet_cap")), idle_cycles(number(given, "idle_cycles")),
          gap(number(given, "gap")), stall(number(given, "stall")), sink_waits(number(given, "sink_waits")),
          word_bits(number(given, "word_bits")), result_bits(number(given, "result_bits")),
          vcd_first(number(given, "vcd_first")), vcd_end(number(given, "vcd_end")), noise(number(given, "seed")),
          events(events_of(opened("events.bin", "rb"))) {
        for (size_t index = 0, offset = 0; given.count("tap" + std::to_string(index)); ++index) {
            const std::string name = "tap" + std::to_string(index);
            const size_t size = number(given, name.c_str());
            taps.push_back({opened(name + ".bin", "wb"), offset + 1, size});
            offset += 1 + size;
        }
#ifdef WAVEFORMS
        if (given.count("vcd")) vcd = given.at("vcd");
        context->traceEverOn(true);
        model->trace(&waveforms, 99);
#endif
    }

    int run() {
        next_word();
        next_load();
        reset(1);
        while (true) {
            if (due(RESET)) reset(event++->length);
            dump_while_wanted();
            drive();
            half(0);  // inputs settle before the edge, and what is about to pass can be read
            if (due(STOP_LOW)) stop(event++->length);
            if (due(UPSET)) upset(event++->length);
            if (!observe()) return UNSTABLE;
            half(1);
            if (due(STOP_HIGH)) stop(event++->length);
            ++clock;
            idle = sent == n_words && received >= n_results ? idle + 1 : 0;
            if (idle > idle_cycles) return DONE;
            if (++quiet > quiet_cap) return STUCK;
        }
    }

    void close() {
        for (Tap& tap : taps) std::fclose(tap.file);
        for (FILE* file : {starts, results}) std::fclose(file);
#ifdef WAVEFORMS
        waveforms.close();
#endif
    }

  private:
    const uint64_t n_words, n_results, words_per_spike;
    const uint64_t hold_after;  // words offered before the first result has come
    const uint64_t quiet_cap;   // clocks without any transfer that make a stuck circuit
    const uint64_t idle_cycles; // clocks at the end in which nothing may come out
    const uint64_t gap, stall;  // probabilities, times 2^32
    const bool sink_waits;      // the sink takes nothing that it has not seen wait
    const size_t word_bits, result_bits;
    const size_t word_size = (word_bits + 7) / 8, result_size = (result_bits + 7) / 8;
    const uint64_t vcd_first, vcd_end;  // spikes whose waveforms are dumped
    uint64_t noise;
    const std::vector<Event> events;
    std::vector<Event>::const_iterator event = events.begin();
    std::vector<Tap> taps;
    FILE *spikes = opened("spikes.bin", "rb"), *loads = opened("loads.bin", "rb");
    FILE *starts = opened("starts.bin", "wb"), *results = opened("results.bin", "wb");

    const std::unique_ptr<VerilatedContext> context = std::make_unique<VerilatedContext>();
    const std::unique_ptr<Vbench> model = std::make_unique<Vbench>(context.get());
#ifdef WAVEFORMS
    VerilatedVcdC waveforms;
    std::string vcd;
#endif
    uint64_t clock = 0, sent = 0, received = 0, quiet = 0, idle = 0, settled = LOAD_SETTLES;
    bool offered = false, ready = false, waiting = false, loading = false;
    std::vector<uint8_t> word = std::vector<uint8_t>(word_size), result = std::vector<uint8_t>(result_size);
    uint8_t load[2] = {0, 0};

    static uint64_t number(const Arguments& given, const char* name) {
        const auto found = given.find(name);
        return found == given.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
    }

    uint64_t random() {  // SplitMix64, Steele, Lea and Flood, OOPSLA 2014
        uint64_t mixed = noise += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    bool happens(uint64_t probability) { return probability != 0 && (random() >> 32) < probability; }

    bool due(Kind kind) const { return event != events.end() && event->kind == kind && event->clock <= clock; }

    void next_word() {
        if (sent < n_words && std::fread(word.data(), word_size, 1, spikes) != 1) std::exit(NO_FILE);
    }

    void next_load() { loading = std::fread(load, sizeof load, 1, loads) == 1; }

    void half(int level) {
        model->clk = level;
        model->eval();
#ifdef WAVEFORMS
        if (waveforms.isOpen()) waveforms.dump(context->time());
#endif
        context->timeInc(1);
    }

    void dump_while_wanted() {
#ifdef WAVEFORMS
        if (!vcd.empty() && sent / words_per_spike >= vcd_first) {
            waveforms.open(vcd.c_str());
            vcd.clear();
        }
        if (waveforms.isOpen() && received >= vcd_end) waveforms.close();
#endif
    }

    void reset(uint64_t clocks) {
        model->rst = 1;
        model->spike_valid = model->load_valid = model->unit_ready = 0;
        for (; clocks != 0; --clocks) {
            half(0);
            half(1);
        }
        model->rst = 0;
        offered = waiting = false;
        for (; sent % words_per_spike != 0; next_word()) ++sent;
        received = sent / words_per_spike;
    }

    // The clock stands still while every other input moves.
    void stop(uint64_t evaluations) {
        std::vector<uint8_t> other(word_size);
        for (; evaluations != 0; --evaluations) {
            for (uint8_t& byte : other) byte = random();
            if (word_bits % 8 != 0) other.back() &= (1 << word_bits % 8) - 1;
            std::memcpy(&model->spike_data, other.data(), word_size);
            model->spike_valid = random() & 1;
            model->unit_ready = random() & 1;
            model->load_valid = random() & 1;
            model->rst = random() & 1;
            model->eval();
        }
        model->rst = 0;
        put_inputs();
        model->eval();
    }

    // A bit flips between two edges.
    void upset(uint64_t bit) {
        model->upset_bit = bit;
        for (int level : {1, 0}) {
            model->upset = level;
            model->eval();
        }
    }

    // What source and sink do in this clock.
    void drive() {
        settled += !loading && settled < LOAD_SETTLES;
        const bool may = !loading && settled == LOAD_SETTLES && sent < n_words && (sent < hold_after || received > 0);
        offered = offered || (may && !happens(gap));
        ready = (waiting || !sink_waits) && !happens(stall);
        put_inputs();
    }

    void put_inputs() {
        model->load_valid = loading;
        model->load_word = load[0] | load[1] << 8;
        model->spike_valid = offered;
        std::memcpy(&model->spike_data, word.data(), word_size);
        model->unit_ready = ready;
    }

    // Notes what passes in this clock; false if a result changed before it was taken.
    bool observe() {
        if (loading && model->load_ready) {
            next_load();
            settled = quiet = 0;
        }
        if (offered && model->spike_ready) take_word();
        const uint8_t* const tapped = reinterpret_cast<const uint8_t*>(&model->tapped);
        for (const Tap& tap : taps)
            if (tapped[tap.offset - 1]) std::fwrite(tapped + tap.offset, tap.size, 1, tap.file);
        const bool stable = !waiting || (model->unit_valid && !std::memcmp(&model->unit_data, result.data(), result_size));
        waiting = model->unit_valid && !ready;
        std::memcpy(result.data(), &model->unit_data, result_size);
        if (model->unit_valid && ready) take_result();
        return stable;
    }

    void take_word() {
        if (sent++ % words_per_spike == 0) std::fwrite(&clock, sizeof clock, 1, starts);
        next_word();
        offered = false;
        quiet = 0;
    }

    void take_result() {
        for (const uint64_t number : {received, clock}) std::fwrite(&number, sizeof number, 1, results);
        std::fwrite(result.data(), result_size, 1, results);
        quiet = 0;
        if (++received * 100 / n_results != (received - 1) * 100 / n_results) {
            std::printf("%llu\n", static_cast<unsigned long long>(received));
            std::fflush(stdout);
        }
    }
};

int main(int argc, char** argv) {
    Arguments given;
    for (int index = 1; index < argc; ++index) {
        const std::string argument = argv[index];
        const size_t equals = argument.find('=');
        given[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    Bench bench(given);
    const int ending = bench.run();
    bench.close();
    return ending;
}
