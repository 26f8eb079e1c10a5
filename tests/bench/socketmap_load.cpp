// Plays Postfix's processes: connections to the socketmap that ask one question after the other, all of them answered
// by a connector of a numbered site. Reports in one JSON object how many answers came, how long one took, and what the
// daemon's process has used. Ends by itself.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectord/net/listener.h"
#include "process_usage.h"
#include "socketmap/request.h"

namespace connectord::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string path;
  pid_t process = 0;
  unsigned connections = 100;
  unsigned seconds = 3;
  unsigned connectors = 100'000;
};

struct Asking {
  base::FileDescriptor socket;
  Clock::time_point since;
};

base::FileDescriptor connect_to(const std::string& path) {
  base::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + path);
  }
  return socket;
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options) {
    for (unsigned i = 0; i < options.connections; ++i) asking_.push_back({connect_to(options.path), {}});
  }

  // The times of all answers, in microseconds.
  std::vector<double> run() {
    std::vector<double> times;
    std::vector<pollfd> polled;
    for (Asking& one : asking_) {
      polled.push_back({one.socket.get(), POLLIN, 0});
      ask(one);
    }
    const auto end = Clock::now() + std::chrono::seconds(options_.seconds);
    while (Clock::now() < end) {
      ::poll(polled.data(), polled.size(), -1);
      for (std::size_t i = 0; i < polled.size(); ++i) {
        if (polled[i].revents == 0) continue;
        read_answer(asking_[i]);
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - asking_[i].since).count());
        ask(asking_[i]);
      }
    }
    return times;
  }

 private:
  void ask(Asking& one) {
    // Far from the one before, so that no cache helps.
    constexpr unsigned step = 7919;
    number_ = (number_ + step) % options_.connectors;
    const std::string domain = "d" + std::to_string(number_) + ".example";
    const bool is_transport = number_ % 4 != 0;
    const std::string request =
        socketmap::to_netstring(is_transport ? "transport user@" + domain : "tls-policy [mx." + domain + "]:25");
    one.since = Clock::now();
    if (::write(one.socket.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size())) {
      throw std::runtime_error("a request was not taken");
    }
  }

  static void read_answer(const Asking& one) {
    std::array<char, 512> answer{};
    const ssize_t size = ::read(one.socket.get(), answer.data(), answer.size());
    const std::string_view text(answer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    if (text.find(":OK ") == std::string_view::npos) throw std::runtime_error("an answer was " + std::string(text));
  }

  const Options& options_;
  std::vector<Asking> asking_;
  unsigned number_ = 0;
};

double at(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

void measure(const Options& options) {
  Load load(options);
  const auto before = usage_of(options.process).value();
  const auto began = Clock::now();
  std::vector<double> times = load.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const auto after = usage_of(options.process).value();
  std::sort(times.begin(), times.end());
  const double answers = static_cast<double>(times.size());
  const double cpu_us = std::chrono::duration<double, std::micro>(after.cpu - before.cpu).count() / answers;
  const nlohmann::json result{{"answers_a_second", answers / seconds},
                              {"cpu_us", cpu_us},
                              {"p50_us", at(times, 0.5)},
                              {"p99_us", at(times, 0.99)},
                              {"resident_kib", after.resident_kib}};
  std::printf("%s\n", result.dump().c_str());
}

}  // namespace
}  // namespace connectord::bench

int main(int argc, char** argv) {
  connectord::bench::Options options;
  CLI::App app("Asks a socketmap, and measures.");
  app.add_option("--socket", options.path, "The path of the unix socket")->required();
  app.add_option("--pid", options.process, "The daemon")->required();
  app.add_option("--connections", options.connections, "How many ask at the same time");
  app.add_option("--seconds", options.seconds, "For how long");
  app.add_option("--connectors", options.connectors, "How many the site has");
  try {
    app.parse(argc, argv);
    connectord::bench::measure(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "socketmap_load: %s\n", error.what());
    return 1;
  }
  return 0;
}
