#include "ctl/api_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <sstream>

#include "connectord/api/http_server.h"
#include "log/recording_log.h"

namespace connectord::ctl {
namespace {

// What connectorctl makes of an answer, whoever gave it.
class ApiClientThread : public ::testing::Test {
 protected:
  ApiClientThread() {
    auto listener = net::listen_on(endpoint_, {});
    server_ = api::HttpServer::make(
                  std::move(*listener), {}, [this](const api::Request&) { return answer_; }, log_)
                  .value();
    server_->start();
  }
  ~ApiClientThread() override {
    server_->stop();
    net::remove(endpoint_);
  }

  std::string error_for(unsigned status, const std::string& body) {
    answer_ = {status, "application/json", body, {}};
    const auto answer = call_api({}, {endpoint_.to_string(), "", ""}, {"GET", "/"}, {out_, error_, in_});
    return answer ? "" : answer.error();
  }

  net::Endpoint endpoint_ =
      net::Endpoint::parse("unix:" + testing::TempDir() + "api-client-" + std::to_string(::getpid())).value();
  test::RecordingLog log_;
  api::Response answer_;
  std::unique_ptr<api::HttpServer> server_;
  std::ostringstream out_;
  std::ostringstream error_;
  std::istringstream in_;
};

TEST_F(ApiClientThread, TellsWhatIsWrongInWords) {
  EXPECT_EQ(error_for(422, R"({"detail": "no", "errors": [{"field": "a.b", "message": "write 1"}, {"message": "x"}]})"),
            "no\n  a.b: write 1\n  x");
}

TEST_F(ApiClientThread, TakesAnAnswerOfAnotherProgramForWhatItIs) {
  EXPECT_EQ(error_for(500, R"({"detail": 5})"), "the API answers 500");
  EXPECT_EQ(error_for(404, R"(["detail"])"), "the API answers 404");
  EXPECT_EQ(error_for(400, R"({"detail": "no", "errors": {"a": 1}})"), "no");
  EXPECT_EQ(error_for(400, R"({"detail": "a\u001b[2Jb", "errors": [1, {"field": 2, "message": ["x"]}]})"),
            "a?[2Jb\n  \n  ");
  EXPECT_EQ(error_for(200, "<html>"), "the answer is no JSON; is it connectord's API?");
}

}  // namespace
}  // namespace connectord::ctl
