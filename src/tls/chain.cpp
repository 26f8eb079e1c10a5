#include "connectord/tls/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "path.h"

namespace connectord::tls {
namespace {

std::string one_line_subject(X509* certificate) {
  if (certificate == nullptr) return {};
  char* text = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  std::string line = text == nullptr ? "" : base::printable(text, 200);
  OPENSSL_free(text);
  return line;
}

// Notes the error and goes on, so that all are found.
int note_error(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  auto* path = static_cast<Path*>(X509_STORE_CTX_get_app_data(context));
  path->errors.push_back({X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_error_depth(context),
                          one_line_subject(X509_STORE_CTX_get_current_cert(context))});
  return 1;
}

bool is_about_time(int code) {
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

std::string words_of(const Path::Error& error) {
  std::string text = X509_verify_cert_error_string(error.code);
  if (!error.subject.empty()) text += " (" + error.subject + ")";
  return text;
}

tl::expected<StoreHandle, std::string> new_store() {
  StoreHandle store(X509_STORE_new());
  if (!store) return tl::unexpected(std::string("out of memory"));
  return store;
}

}  // namespace

const Path::Error* Path::find(int code) const {
  const auto found =
      std::find_if(errors.begin(), errors.end(), [code](const Error& each) { return each.code == code; });
  return found == errors.end() ? nullptr : &*found;
}

Path find_path(const Chain& chain, const TrustStore& store, std::int64_t unix_time, STACK_OF(X509_CRL) * lists) {
  Path path;
  std::vector<X509Handle> given;
  const StackHandle others(sk_X509_new_null());
  for (std::size_t i = 0; i < std::min(chain.size(), max_chain_length); ++i) {
    given.push_back(parse_der(chain[i].der));
    if (i > 0 && given.back()) sk_X509_push(others.get(), given.back().get());
  }
  const StoreContext context(X509_STORE_CTX_new());
  if (given.empty() || !given.front() || !context ||
      X509_STORE_CTX_init(context.get(), store.handle().store.get(), given.front().get(), others.get()) != 1) {
    path.errors.push_back({X509_V_ERR_UNSPECIFIED, 0, {}});
    return path;
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, unix_time);
  X509_VERIFY_PARAM_set_auth_level(parameters, 0);  // as Postfix has it
  if (lists != nullptr) {
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK);
    X509_STORE_CTX_set0_crls(context.get(), lists);
  }
  X509_STORE_CTX_set_app_data(context.get(), &path);
  X509_STORE_CTX_set_verify_cb(context.get(), note_error);
  if (X509_verify_cert(context.get()) != 1 && path.errors.empty()) {
    path.errors.push_back({X509_V_ERR_UNSPECIFIED, 0, {}});
  }
  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(found); ++i) {
    X509* certificate = sk_X509_value(found, i);
    X509_up_ref(certificate);
    path.certificates.emplace_back(certificate);
  }
  ERR_clear_error();
  return path;
}

tl::expected<TrustStore, std::string> TrustStore::of(const std::vector<Certificate>& anchors, bool with_system) {
  auto store = new_store();
  if (!store) return tl::unexpected(store.error());
  X509_STORE_set_flags(store->get(), X509_V_FLAG_PARTIAL_CHAIN);
  for (const Certificate& anchor : anchors) {
    const X509Handle handle = parse_der(anchor.der);
    if (handle) X509_STORE_add_cert(store->get(), handle.get());
  }
  if (with_system) X509_STORE_set_default_paths(store->get());
  ERR_clear_error();
  return TrustStore(std::make_shared<Handle>(Handle{std::move(*store)}));
}

tl::expected<TrustStore, std::string> TrustStore::from_file(const std::string& path) {
  const auto text = base::read_file(path);
  if (!text) return tl::unexpected("cannot read " + path);
  const auto anchors = read_pem(*text);
  if (!anchors) return tl::unexpected(path + ": " + anchors.error());
  return of(*anchors);
}

tl::expected<TrustStore, std::string> TrustStore::of_system() {
  auto store = new_store();
  if (!store) return tl::unexpected(store.error());
  const bool ok = X509_STORE_set_default_paths(store->get()) == 1;
  ERR_clear_error();
  if (!ok) return tl::unexpected(std::string("the system's authorities cannot be read"));
  return TrustStore(std::make_shared<Handle>(Handle{std::move(*store)}));
}

ChainVerdict verify(const Chain& chain, const TrustStore& store, std::int64_t unix_time) {
  ChainVerdict verdict;
  if (chain.empty()) {
    verdict.problem = "no certificate";
    return verdict;
  }
  const Path path = find_path(chain, store, unix_time);
  for (const Path::Error& error : path.errors) {
    std::string& words = is_about_time(error.code) ? verdict.out_of_date : verdict.problem;
    if (words.empty()) words = words_of(error);
  }
  if (verdict.trusted() && !path.certificates.empty()) {
    verdict.anchor = one_line_subject(path.certificates.back().get());
  }
  return verdict;
}

}  // namespace connectord::tls
