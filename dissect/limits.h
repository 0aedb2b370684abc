/* limits.h: every cap on memory or work that input could drive, each with its reason. */
#ifndef PUSHWATCH_DISSECT_LIMITS_H
#define PUSHWATCH_DISSECT_LIMITS_H

/* Headers between a link layer, or a tunnel's own header, and IP, and labels of one MPLS stack:
 * more than anyone stacks, so that a packet full of them costs little. */
#define LIMIT_LAYERS 16

/* IP packets of which some fragments have come; each thread that reads packets keeps its own.
 * Enough for what is under way at once on a busy link, of which whole ones leave at once. */
#define LIMIT_FRAGMENT_PACKETS 128
/* Their bytes: sixteen of the largest packets there can be, hundreds of common ones. */
#define LIMIT_FRAGMENT_BYTES (1024u * 1024)
/* How long the first waits for the last: as Linux does (net.ipv4.ipfrag_time). */
#define LIMIT_FRAGMENT_S 30

/* Out-of-order bytes held for one direction. Twice the largest TLS flight we know (a chain of a
 * hundred kilobytes), so that a handshake with one segment missing is still whole. */
#define LIMIT_REASM_BYTES (256u * 1024)
/* The same in pieces, so that one-byte segments can't make the list long to walk. */
#define LIMIT_REASM_CHUNKS 512
/* All directions of one shard together, with what the list costs: each of a flood of flows could
 * fill its own. Beyond it, holes are gaps. Eight shards make 64 MiB of it. */
#define LIMIT_REASM_ALL (8u * 1024 * 1024)
/* A hole that the receiver has acknowledged is missing in the capture only, or comes late because
 * the recorder saw two interfaces: after this long it is given up. */
#define LIMIT_REASM_PATIENCE_S 5

/* Segments with a wrong checksum that wait for proof, for each connection. More than these at once
 * are no damage, but how the capture was made. */
#define LIMIT_DOUBTS 16

/* Segments and TLS records in flight that are remembered for one direction: only the first sixteen
 * records, and the time of the first segment, are ever reported. A flood of flows that each leave
 * this much unacknowledged costs 6 kB a direction. */
#define LIMIT_FLIGHT_SEGMENTS 64
#define LIMIT_FLIGHT_RECORDS  256

/* Memory in all, where no other limit is asked for (--max-memory): some millions of connections.
 * The least valuable go first (shard.c). */
#define LIMIT_MEMORY (UINT64_C(1) << 30)
/* Flows of one shard in working order: those that are busy at the same time. At about 2 kB each. */
#define LIMIT_AWAKE 512
/* A SYN that nobody answers: longer than any stack retries it (Linux: 127 s). */
#define LIMIT_SYN_IDLE_S 300
/* After a connection has closed its tuple is remembered for twice the maximum segment lifetime
 * (RFC 9293 section 3.4.2), so that a late segment makes no new flow. */
#define LIMIT_CLOSED_IDLE_S 240
/* An established connection may be silent for long: push keep-alives come every 10 to 20 minutes,
 * RFC 5382 asks middleboxes for 2 h 4 min. A day, so that one idle connection stays one flow. */
#define LIMIT_OPEN_IDLE_S (24 * 3600)
/* How long a live run waits after a connection has closed before it reports it, so that the last
 * retransmissions are in the report. */
#define LIMIT_LINGER_S 2

/* Packets with payload of one flow handed to nDPI before its guess is taken: six would do. */
#define LIMIT_NDPI_PACKETS 8
/* A packet that begins with a ClientHello and is made cheap for nDPI; larger ones, from offload,
 * cost more. */
#define LIMIT_NDPI_HELLO 4096
/* Flows of one shard about which nDPI has not made up its mind, at about 3 kB each: beyond it new
 * flows get no label until others have theirs. */
#define LIMIT_NDPI_FLOWS 2048
/* Bytes of packets that a shard keeps to remember what nDPI made of them, or to give them to it
 * later: beyond, it is given them at once. */
#define LIMIT_NDPI_KEPT (2 * 1024 * 1024)
/* Distinct labels that a shard remembers, at 300 bytes: a protocol with its risks each; traffic has
 * tens. Beyond it new ones are called unknown. */
#define LIMIT_NDPI_LABELS 1024

/* A TLS record's body: 2^14 bytes and what encryption may add, RFC 5246 section 6.2.3. */
#define LIMIT_TLS_RECORD (16384 + 2048)
/* A ClientHello in SSLv2's format: it has no extensions, so that even 200 suites fit. */
#define LIMIT_TLS_SSL2_HELLO 1024
/* A handshake message that is put together from pieces. OpenSSL takes chains up to 100 kB. */
#define LIMIT_TLS_MESSAGE (128u * 1024)
/* All such messages of one shard's sessions together: some thirty large chains cut at the same
 * moment; where memory is scarce, a quarter of the shard's. */
#define LIMIT_TLS_HELD (4u * 1024 * 1024)
/* Segments in which a stream that was joined midway is searched for a record. A record is at most
 * twelve segments long, so that a TLS stream shows one well before. */
#define LIMIT_TLS_SEARCH 64
/* Segments of a stream that begins as something else before the flow is given up; until then the
 * other end may turn out to speak TLS, as with a client that was pointed at the wrong port. */
#define LIMIT_TLS_PLAIN 4
/* Bytes that a direction may send in clear before it begins TLS: EHLO's answer, an XMPP stream's
 * features, the headers and the body with which a proxy asks for a password. */
#define LIMIT_PROLOGUE_BYTES (32u * 1024)
/* A name asked of a proxy that is kept: a DNS name with its port. */
#define LIMIT_PROLOGUE_TARGET 264
/* All prologues of one shard, at 1.2 kB while they go on: some thousands in all shards. Beyond it,
 * what does not begin as TLS is not TLS. */
#define LIMIT_PROLOGUES_HELD (2u * 1024 * 1024)
/* Certificates of one chain. OpenSSL verifies up to 100 deep; none that works has over ten. */
#define LIMIT_TLS_CHAIN 16
/* A server name that is kept: a DNS name has 255 bytes at most. */
#define LIMIT_TLS_SNI 1024
/* Names in a ClientHello's ALPN extension that are kept; browsers send two. */
#define LIMIT_TLS_ALPN 16
/* Their bytes, length bytes included: the longest name twice over. Each flow may keep as many. */
#define LIMIT_TLS_ALPN_BYTES 512

/* Secrets out of key logs, at about 120 bytes: those of a hundred thousand sessions of TLS 1.3. */
#define LIMIT_KEYLOG_SECRETS (512u * 1024)
/* Encrypted bytes of one session that wait for its secrets, which a live program writes down a
 * moment after the ServerHello: a handshake with a large chain, and what is said first. */
#define LIMIT_DECRYPT_WAITING (64u * 1024)
/* All of one shard's sessions: the ones that wait the longest get no more secrets. */
#define LIMIT_DECRYPT_HELD (8u * 1024 * 1024)
/* Sequence numbers and keys that are tried for one direction behind holes of unknown content. A
 * record costs some microseconds each time. */
#define LIMIT_DECRYPT_TRIALS 1024
/* Commands of one APNs stream that are kept, at about 40 bytes: the first hours of one that keeps
 * alive. */
#define LIMIT_APNS_COMMANDS 64
/* Bytes of a field's value that are kept where they are asked for: a token has 32. */
#define LIMIT_APNS_VALUE 256
/* Fields of one command that are kept where they are asked for. */
#define LIMIT_APNS_FIELDS 16

/* Distinct certificates, and the memory that they take with all that is read out of them, which can
 * be twenty times their bytes: a flood of made-up ones must not fill the memory. Days of traffic of
 * a large network show some tens of thousands. */
#define LIMIT_CERTS      (64u * 1024)
#define LIMIT_CERT_BYTES (256u * 1024 * 1024)
/* The bytes of certificates that are kept in OpenSSL's form as well, of each and of all: it takes a
 * million instructions to make, and can be made fifty times as large as they are. The store keeps
 * those that come first, the judge some of those that come later. */
#define LIMIT_CERT_PARSED  (16u * 1024)
#define LIMIT_CERTS_PARSED (128u * 1024)
/* Entries of one list of a certificate: names, usages, URIs. Large CDN certificates have hundreds
 * of names. */
#define LIMIT_CERT_LIST 1024
/* Server names noted with one certificate; a CDN's intermediate is seen under thousands. */
#define LIMIT_CERT_NAMES 16

/* Rows of one socket table: four times what all ports of an address give. At 176 bytes each. */
#define LIMIT_SOCKET_ROWS (1u << 18)
/* Lines of one log that are kept: apsd writes some a day, so that this is decades, or a flood. */
#define LIMIT_LOG_LINES (1u << 18)
/* A line that is a JSON object. Reading it takes some eighty times as much memory. */
#define LIMIT_LOG_OBJECT (256u * 1024)
/* Bytes of a log's line that are kept. */
#define LIMIT_LOG_MESSAGE 1024

#endif
