#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace connectord::ctl {

// Breaks lines that are too long for a terminal at their words, before the terminal breaks them in the middle.
class WrappedOutput : public std::streambuf {
 public:
  // `out` must outlive this.
  WrappedOutput(std::ostream& out, std::size_t width) : out_(out), width_(width) {}
  ~WrappedOutput() override { sync(); }
  WrappedOutput(const WrappedOutput&) = delete;
  WrappedOutput& operator=(const WrappedOutput&) = delete;

  // From now on lines stay as they are: they are for a file, or another program.
  void keep_lines() { keeps_lines_ = true; }

 protected:
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  void write_line();

  std::ostream& out_;
  std::size_t width_;
  bool keeps_lines_ = false;
  std::string line_;
};

}  // namespace connectord::ctl
