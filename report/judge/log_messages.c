/* log_messages.c: see log_messages.h. An entry stands before those that its text contains.
 *
 * Status numbers: SecureTransport.h and SecBase.h of Apple's Security framework. The leaf's
 * messages: mfrister/pushproxy, whose author took apsd apart. The others: seen together where a
 * proxy intercepted the connection, security.stackexchange.com/questions/56749. */
#include "log_messages.h"

#define HEADER   "Apple's Security framework, SecureTransport.h"
#define REVERSED "apsd taken apart by others (pushproxy), not Apple's word"
#define SEEN     "seen where a proxy intercepted the connection, not Apple's word"

static const struct log_message messages[] = {
    {"Unrecognized leaf certificate", "unrecognized-leaf", MESSAGE_LEAF, MEANING_LIKELY,
     "the server's certificate is not the one that is built into apsd, but its subject is as it "
     "should be, and apsd goes on; it is likely written once for each TLS connection",
     REVERSED},
    {"Illegal leaf certificate", "illegal-leaf", MESSAGE_DISTRUST, MEANING_LIKELY,
     "the subject of the server's certificate is not Apple's, and apsd disconnects at once",
     REVERSED},
    {"Untrusted peer, closing connection", "untrusted-peer", MESSAGE_DISTRUST, MEANING_LIKELY,
     "apsd does not trust the server's certificate, and closes the connection", SEEN},
    {"ailed to evaluate trust", "trust-evaluation-failed", MESSAGE_DISTRUST, MEANING_LIKELY,
     "the system could not find a reason to trust the server's certificates (result=5 is "
     "kSecTrustResultRecoverableTrustFailure)",
     "Apple's Security framework, SecTrust.h, and " SEEN},
    {"SSLHandshake failed (-9807)", "chain-invalid", MESSAGE_DISTRUST, MEANING_DOCUMENTED,
     "errSSLXCertChainInvalid: the server's chain of certificates could not be verified", HEADER},
    {"SSLHandshake failed (-9808)", "bad-certificate", MESSAGE_DISTRUST, MEANING_DOCUMENTED,
     "errSSLBadCert: the server's certificate has a bad format", HEADER},
    {"SSLHandshake failed (-9812)", "unknown-root", MESSAGE_DISTRUST, MEANING_DOCUMENTED,
     "errSSLUnknownRootCert: the server's chain is valid, but its root is not trusted", HEADER},
    {"SSLHandshake failed (-9813)", "no-root", MESSAGE_DISTRUST, MEANING_DOCUMENTED,
     "errSSLNoRootCert: the server's chain does not end in a root", HEADER},
    {"SSLHandshake failed (-9814)", "certificate-expired", MESSAGE_DISTRUST, MEANING_DOCUMENTED,
     "errSSLCertExpired: a certificate of the server's chain has expired", HEADER},
    {"SSLHandshake failed (-9815)", "certificate-not-yet-valid", MESSAGE_DISTRUST,
     MEANING_DOCUMENTED, "errSSLCertNotYetValid: a certificate is not valid yet; clocks may differ",
     HEADER},
    {"SSLHandshake failed (-9806)", "closed-abort", MESSAGE_FAILURE, MEANING_DOCUMENTED,
     "errSSLClosedAbort: the server, or something between, cut the handshake off", HEADER},
    {"SSLHandshake failed (-9816)", "closed-no-notify", MESSAGE_FAILURE, MEANING_DOCUMENTED,
     "errSSLClosedNoNotify: the server closed the connection without a word", HEADER},
    {"SSLHandshake failed", "handshake-failed", MESSAGE_FAILURE, MEANING_DOCUMENTED,
     "the TLS handshake failed; the number in parentheses says why", HEADER},
};

_Static_assert(COUNT_OF(messages) <= TOLD_MESSAGES_MAX, "room for each message");

const struct log_message *log_messages_find(struct span message)
{
    for (size_t i = 0; i < COUNT_OF(messages); i++)
        if (message.n > 0 &&
            memmem(message.p, message.n, messages[i].contains, strlen(messages[i].contains)))
            return &messages[i];
    return NULL;
}

size_t log_messages_place(const struct log_message *message)
{
    return (size_t)(message - messages);
}
