// SPDX-FileCopyrightText: 2026 The QTimeout developers
// SPDX-License-Identifier: MIT

// A certificate for localhost that has signed itself, and its key, for a server in tests. Made by: openssl req -x509
// -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost

#ifndef SELFSIGNED_H
#define SELFSIGNED_H

inline constexpr char SelfSignedKey[] = R"(
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgamITJUovOqTce26d
bfH+4oOJZ+Uarv6G6BbJ86S/8JqhRANCAARKewRuL3CgCG81jKl771zzh1nk0hkW
FKq2inGt0sMC8hbM6EMy4OL086lTxwQABmU85w2YtsY4pCxHjlwbliLG
-----END PRIVATE KEY-----
)";

inline constexpr char SelfSignedCertificate[] = R"(
-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUYa7YjuAEx8MTexsB4pJh0BFe/5cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTE1MjA0NloYDzIxMjYxMTA1
MTUyMDQ2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARKewRuL3CgCG81jKl771zzh1nk0hkWFKq2inGt0sMC8hbM6EMy4OL0
86lTxwQABmU85w2YtsY4pCxHjlwbliLGo1MwUTAdBgNVHQ4EFgQUozs00VpHH6Pw
szgUwFH5ru72UXAwHwYDVR0jBBgwFoAUozs00VpHH6PwszgUwFH5ru72UXAwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAM3IrAOkFS8a/DaUmfhBol
kei9xrmx+I+mtEZ+lflalwIhAN0V9p7hiPGn7wtOGIIe2dUvjhTX74S0GmNmHPow
7fiV
-----END CERTIFICATE-----
)";

#endif // SELFSIGNED_H
