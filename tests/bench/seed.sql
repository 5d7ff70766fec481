-- seed.sql - a large tenant, made inside the server: set @messages and @conversations before.
--
-- Tenant, line and user exist already (tests/bench/place.py made them with centralactl). The rest follows from the
-- message's number n = 1..@messages by CRC32 and MD5, so the same numbers give the same data, only the times end with now:
-- 90 days, evenly spread, ending an hour ago. Ids are made as the schema says: milliseconds since 2020 * 4096 + low bits.
SET NAMES utf8mb4;
SET SESSION unique_checks = 0, foreign_key_checks = 0;
SET @tenant = (SELECT id FROM tenant WHERE name = 'Bench');
SET @line = (SELECT MIN(id) FROM line WHERE tenant_id = @tenant), @user = (SELECT MIN(id) FROM user WHERE tenant_id = @tenant);
SET @span_ms = 90 * 86400 * 1000, @end_ms = FLOOR(UNIX_TIMESTAMP(UTC_TIMESTAMP(3)) * 1000) - 3600 * 1000;
SET @start_ms = @end_ms - @span_ms, @epoch = TIMESTAMP'1970-01-01 00:00:00', @epoch_2020 = 1577836800000;

-- 4096 texts of 3 to 52 words, more short ones than long ones, about 115 bytes; with letters, symbols and marks that pages must escape.
CREATE TEMPORARY TABLE bench_text (n INT UNSIGNED NOT NULL PRIMARY KEY, body VARCHAR(1000) NOT NULL) CHARSET utf8mb4
  SELECT t.seq AS n, GROUP_CONCAT(ELT(1 + CRC32(CONCAT('word', t.seq, '/', w.seq)) % 52,
      'hello', 'thanks', 'order', 'delivery', 'tomorrow', 'please', 'confirm', 'address', 'invoice', 'payment', 'meeting', 'call', 'back',
      'when', 'can', 'you', 'the', 'appointment', 'is', 'at', '10:30', '&', 'we', 'will', '<wait>', 'outside', '"main"', 'entrance', 'don''t',
      'forget', 'price', '20€', 'ok', '👍', 'yes', 'no', 'zażółć', 'gęślą', 'jaźń', 'mañana', 'naïve', 'still', 'open', 'today', 'driver',
      'parcel', '№4711', 'see', 'photo', 'regards', 'a>b', 'late') ORDER BY w.seq SEPARATOR ' ') AS body
  FROM seq_0_to_4095 t JOIN seq_1_to_53 w ON w.seq <= 3 + POW(CRC32(CONCAT('length', t.seq)) / 4294967296, 2) * 50
  GROUP BY t.seq;

INSERT INTO contact (tenant_id, id, address_key, phone, name, created_at)
  SELECT @tenant, seq, CONCAT('+1555', LPAD(seq, 7, '0')), CONCAT('+1555', LPAD(seq, 7, '0')),
    IF(seq % 5 = 0, '', CONCAT(ELT(1 + CRC32(CONCAT('first', seq)) % 12, 'Ana', 'Ben', 'Chloé', 'Dmitri', 'Elena', 'Farid', 'Jürgen', 'Łucja', 'Óscar', 'Priya', 'Søren', 'Tom'), ' ',
      ELT(1 + CRC32(CONCAT('last', seq)) % 12, 'O''Neill', 'Müller', 'Smith', 'García', 'Nguyen', 'Rossi', 'Dubois', 'Wójcik', 'Haddad', 'Tanaka', 'D''Angelo', 'Brown & Co'))),
    @epoch + INTERVAL @start_ms * 1000 MICROSECOND
  FROM seq_1_to_100000000 WHERE seq <= @conversations;

-- Every conversation has at least one message: the first ones are dealt out in turn, and come from the customer.
INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, author_kind, author_id, author, sid, segments, error_code, status_at, created_at, body)
  SELECT @tenant, s.conversation, (s.ms - @epoch_2020) * 4096 + s.n % 4096, s.outbound,
    IF(s.outbound, ELT(1 + s.dice % 20, 'failed', 'undelivered', 'sent', 'sent', 'read', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered',
      'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered'), 'received'),
    IF(s.outbound, ELT(1 + s.dice % 20, 60, 60, 40, 40, 70, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60), 60),
    s.outbound, IF(s.outbound, @user, NULL), IF(s.outbound, 'Bench operator', NULL), CONCAT('SM', MD5(s.n)),
    1 + (CHAR_LENGTH(t.body) DIV IF(CHAR_LENGTH(t.body) < LENGTH(t.body), 68, 154)), IF(s.outbound AND s.dice % 20 < 2, 30003 + s.dice % 20, NULL),
    s.at, s.at, t.body
  FROM (SELECT seq AS n, IF(seq <= @conversations, seq, 1 + CRC32(CONCAT('conversation', seq)) % @conversations) AS conversation,
      seq > @conversations AND CRC32(CONCAT('direction', seq)) & 1 AS outbound, CRC32(CONCAT('state', seq)) AS dice,
      @start_ms + seq * @span_ms DIV @messages AS ms, @epoch + INTERVAL (@start_ms + seq * @span_ms DIV @messages) * 1000 MICROSECOND AS at
    FROM seq_1_to_100000000 WHERE seq <= @messages) s
    JOIN bench_text t ON t.n = CRC32(CONCAT('text', s.n)) & 4095
  ORDER BY s.conversation, s.n;

-- What Twilio told us: one line a message, in the order in which the messages came.
INSERT INTO message_event (tenant_id, sid, status, source, created_at)
  SELECT @tenant, CONCAT('SM', MD5(seq)), IF(seq > @conversations AND CRC32(CONCAT('direction', seq)) & 1, 'delivered', 'received'),
    IF(seq > @conversations AND CRC32(CONCAT('direction', seq)) & 1, 'callback', 'webhook'), @epoch + INTERVAL (@start_ms + seq * @span_ms DIV @messages) * 1000 MICROSECOND
  FROM seq_1_to_100000000 WHERE seq <= @messages;

-- The list's columns from the messages. Three of ten conversations have one to nine unread messages for the user.
INSERT INTO conversation (tenant_id, id, line_id, contact_id, peer, channel, name, last_message_id, last_at, last_direction, last_status, preview,
    message_count, inbound_count, seen_by, last_inbound_at, changed_at, created_at, beside_at) -- nothing stands beside them, as fcgi-cron has found
  SELECT @tenant, k.id, @line, k.id, k.phone, 'sms', k.name, m.id, m.created_at, m.direction, m.status, LEFT(m.body, 120), n.both_ways, n.inbound,
    CONCAT('{"', @user, '": ', GREATEST(0, CAST(n.inbound AS SIGNED) - IF(CRC32(CONCAT('unread', k.id)) % 10 < 3, 1 + CRC32(CONCAT('many', k.id)) % 9, 0)), '}'),
    n.last_inbound_at, m.created_at, k.created_at, NULL
  FROM (SELECT conversation_id, MAX(id) AS newest, COUNT(*) AS both_ways, SUM(direction = 0) AS inbound, MAX(IF(direction = 0, created_at, NULL)) AS last_inbound_at
      FROM message WHERE tenant_id = @tenant GROUP BY conversation_id) n
    JOIN contact k ON k.tenant_id = @tenant AND k.id = n.conversation_id
    JOIN message m ON m.tenant_id = @tenant AND m.conversation_id = n.conversation_id AND m.id = n.newest;

ANALYZE TABLE contact, conversation, message, message_event;

-- For reset.sql; the last thing, so that a seed that was cut short is noticed.
CREATE TABLE bench_conversation LIKE conversation;
INSERT INTO bench_conversation SELECT * FROM conversation;
CREATE TABLE bench_seed ENGINE=InnoDB SELECT @tenant AS tenant_id, MAX(m.id) AS message_max, (SELECT MAX(id) FROM message_event) AS event_max, COUNT(*) AS messages FROM message m;
