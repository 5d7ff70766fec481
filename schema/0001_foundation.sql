-- 0001 foundation: tenants, people, lines, conversations, messages, outbox.
--
-- Conventions: every table with customer data begins its primary key with tenant_id, and refers to others by
-- (tenant_id, id), so the database itself refuses a row that would cross tenants. Times are UTC, DATETIME(3).
-- Files are never edited after a release: add the next number instead.

CREATE TABLE tenant (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'names it in every other table',
  name        VARCHAR(80)  NOT NULL COMMENT 'shown in the panel, used on the command line',
  state       VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'active' COMMENT 'active or suspended: a suspended tenant receives but never sends',
  country     CHAR(2)      CHARACTER SET ascii NOT NULL DEFAULT 'PL' COMMENT 'ISO 3166: how typed numbers without + are read',
  zone        VARCHAR(64)  CHARACTER SET ascii NOT NULL DEFAULT 'Europe/Warsaw' COMMENT 'IANA zone: day borders and shown times',
  language    CHAR(2)      CHARACTER SET ascii NOT NULL DEFAULT 'pl' COMMENT 'default interface language',
  hook_secret VARCHAR(48)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'unguessable part of this tenant''s webhook paths',
  created_at  DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when it was added',
  UNIQUE KEY uq_tenant_name (name),
  UNIQUE KEY uq_tenant_hook (hook_secret)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='A customer of this installation; owns everything below.';

CREATE TABLE twilio_account (
  tenant_id        INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'one account a tenant',
  account_sid      CHAR(34)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'AC…: names the tenant of a webhook before its signature is checked',
  auth_token       VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sealed; checks signatures, signs REST calls when there is no API key',
  auth_token_last4 CHAR(4)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'all that is ever shown of it',
  second_token     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'sealed; the secondary token while tokens are being rotated',
  api_key_sid      VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'SK…: used for REST calls when set',
  api_key_secret   VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'sealed',
  messaging_service_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'MG…: used when a send asks for the service',
  updated_at       DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last change',
  UNIQUE KEY uq_twilio_account_sid (account_sid),
  CONSTRAINT fk_twilio_account_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Twilio credentials, sealed under the installation''s key and bound to the tenant.';

CREATE TABLE user (
  tenant_id     INT UNSIGNED NOT NULL COMMENT 'owner',
  id            INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  email         VARCHAR(190) NOT NULL COMMENT 'signs in with it; unique in the installation',
  name          VARCHAR(120) NOT NULL DEFAULT '' COMMENT 'shown as the author of messages',
  role          VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'admin, manager, operator or agent: a set of permissions (fcgi/perms.def)',
  password_hash VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Argon2id',
  language      CHAR(2)      CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'empty: the tenant''s',
  zone          VARCHAR(64)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'empty: the tenant''s',
  active        TINYINT(1)   NOT NULL DEFAULT 1 COMMENT '0: cannot sign in',
  created_at    DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'messages before it do not count as unread',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_user_id (id),
  UNIQUE KEY uq_user_email (email),
  CONSTRAINT fk_user_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who sign in.';

CREATE TABLE session (
  token_hash BINARY(32)   NOT NULL PRIMARY KEY COMMENT 'SHA-256 of the cookie''s token; the token itself is nowhere',
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'names it in the session list',
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  user_id    INT UNSIGNED NOT NULL COMMENT 'who signed in',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'sign-in',
  seen_at    DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'last use, at most a minute old',
  address    VARCHAR(45)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'client address at sign-in',
  agent      VARCHAR(160) NOT NULL DEFAULT '' COMMENT 'browser at sign-in',
  UNIQUE KEY uq_session_id (id),
  KEY ix_session_user (tenant_id, user_id),
  CONSTRAINT fk_session_user FOREIGN KEY (tenant_id, user_id) REFERENCES user (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Sign-ins that still hold.';

CREATE TABLE api_token (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'names it in lists',
  user_id    INT UNSIGNED NOT NULL COMMENT 'acts with this user''s permissions',
  jti        CHAR(32)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'id inside the signed token',
  name       VARCHAR(80)  NOT NULL DEFAULT '' COMMENT 'what it is for',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when it was made',
  revoked_at DATETIME(3)  NULL COMMENT 'set: no longer valid',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_api_token_id (id),
  UNIQUE KEY uq_api_token_jti (jti),
  CONSTRAINT fk_api_token_user FOREIGN KEY (tenant_id, user_id) REFERENCES user (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Bearer tokens of the API that were issued; the tokens themselves are signed, not stored.';

CREATE TABLE throttle (
  key_hash   CHAR(32)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'keyed hash of "what:who" (account or address)',
  started_at DATETIME(3)  NOT NULL COMMENT 'start of the present window',
  tries      INT UNSIGNED NOT NULL COMMENT 'attempts in it'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Attempts at sign-in and other guarded actions; shared by all hosts.';

CREATE TABLE line (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  address    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'as Twilio writes it in To: +48… or whatsapp:+48…',
  channel    VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'sms or whatsapp',
  name       VARCHAR(80)  NOT NULL DEFAULT '' COMMENT 'shown beside the number',
  active     TINYINT(1)   NOT NULL DEFAULT 1 COMMENT '0: receives, never sends',
  per_second SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'segments a second; 0: the setting twilio.sms_per_second (WhatsApp: 80)',
  free_at    DATETIME(6)  NOT NULL DEFAULT '2000-01-01 00:00:00' COMMENT 'pace: the moment until which this sender''s rate is used up (GCRA)',
  answer_after_s TINYINT UNSIGNED NULL COMMENT 'NULL: nothing answers by itself here; else an arrival makes a reply_job that rests so many seconds',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when it was added',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_line_id (id),
  UNIQUE KEY uq_line_address (tenant_id, address),
  CONSTRAINT fk_line_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Our own numbers and senders.';

CREATE TABLE contact (
  tenant_id   INT UNSIGNED NOT NULL COMMENT 'owner',
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  address_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'how addresses of one person match: E.164 with national variants folded, or the lower-cased address',
  phone       VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'E.164; empty for senders without one',
  name        VARCHAR(120) NOT NULL DEFAULT '' COMMENT 'given by us, else the WhatsApp profile name',
  created_at  DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'first seen',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_contact_id (id),
  UNIQUE KEY uq_contact_key (tenant_id, address_key),
  CONSTRAINT fk_contact_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Customers: the people at the other end.';

CREATE TABLE conversation (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  id              INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  line_id         INT UNSIGNED NOT NULL COMMENT 'our sender: answers leave from it',
  contact_id      INT UNSIGNED NOT NULL COMMENT 'the customer',
  peer            VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the exact address that wrote to us: what we answer to',
  channel         VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'sms, whatsapp, rcs, messenger or other',
  name            VARCHAR(120) NOT NULL DEFAULT '' COMMENT 'copy of contact.name, so that lists need no join',
  last_message_id BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'newest message',
  last_at         DATETIME(3)  NOT NULL COMMENT 'its time: order of the list',
  last_direction  TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0 inbound, 1 outbound',
  last_status     VARCHAR(20)  CHARACTER SET ascii NOT NULL DEFAULT '' COMMENT 'its state',
  preview         VARCHAR(160) NOT NULL DEFAULT '' COMMENT 'its text on one line, cut',
  message_count   INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages both ways',
  inbound_count   INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'inbound messages so far; minus the user''s mark in seen_by = unread',
  seen_by         TEXT         NOT NULL DEFAULT '{}' COMMENT 'JSON: user id to inbound_count when that user last read; here, because a join costs the list as much as the list itself',
  last_inbound_at DATETIME(3)  NULL COMMENT 'opens the WhatsApp window for 24 h',
  changed_at      DATETIME(3)  NOT NULL COMMENT 'any change that a list or chat shows; live views follow it',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'first message',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_conversation_id (id),
  UNIQUE KEY uq_conversation_peer (tenant_id, line_id, peer),
  KEY ix_conversation_newest (tenant_id, last_at, id),
  KEY ix_conversation_changed (tenant_id, changed_at),
  KEY ix_conversation_contact (tenant_id, contact_id),
  CONSTRAINT fk_conversation_line FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id),
  CONSTRAINT fk_conversation_contact FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='One customer address on one of our lines, with what the list shows.';

CREATE TABLE message (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'where it belongs',
  id              BIGINT UNSIGNED NOT NULL COMMENT 'milliseconds since 2020 in the upper bits, 12 random bits below: order of time, 53 bits until 2089',
  direction       TINYINT UNSIGNED NOT NULL COMMENT '0 inbound, 1 outbound, 2 a note of ours: never sent, status is its kind, body its detail',
  status          VARCHAR(20)  CHARACTER SET ascii NOT NULL COMMENT 'Twilio''s word, kept verbatim; received for inbound',
  rank            TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'rank of the state: it only rises',
  simulated       TINYINT(1)   NOT NULL DEFAULT 0 COMMENT '1: TEST_MODE, nothing left this machine',
  author_kind     TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0 the customer, 1 a user in the panel, 2 the API, 3 auto-reply, 4 a model, 5 a schedule, 6 a bulk batch',
  author_id       INT UNSIGNED NULL COMMENT 'the user, when one stands behind it',
  author          VARCHAR(190) NULL COMMENT 'that user''s name when it was written: stays when the user is renamed or gone, and a chat needs no join',
  sid             VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'Twilio''s id; NULL until Twilio has accepted',
  segments        TINYINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'billed parts',
  num_media       TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'attachments',
  error_code      INT UNSIGNED NULL COMMENT 'Twilio''s error; once set never cleared',
  error_text      VARCHAR(500) NULL COMMENT 'the provider''s words',
  status_at       DATETIME(3)  NOT NULL COMMENT 'when the state was reached (arrival of the callback)',
  created_at      DATETIME(3)  NOT NULL COMMENT 'arrival (inbound) or writing (outbound) here',
  extra           TEXT         NULL COMMENT 'JSON: what the chat shows besides text (location, button, quoted message)',
  body            TEXT         NOT NULL COMMENT 'the text; may be empty with media',
  PRIMARY KEY (tenant_id, conversation_id, id),
  UNIQUE KEY uq_message_sid (tenant_id, sid),
  KEY ix_message_history (tenant_id, direction, id),
  CONSTRAINT fk_message_conversation FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversation (tenant_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Every text in and out, clustered by conversation: a chat page is one range.';

CREATE TABLE message_media (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'of the message',
  message_id      BIGINT UNSIGNED NOT NULL COMMENT 'of the message',
  position        TINYINT UNSIGNED NOT NULL COMMENT '0 to 9, as Twilio numbered it',
  content_type    VARCHAR(127) CHARACTER SET utf8mb4 NOT NULL DEFAULT '' COMMENT 'as Twilio named it',
  url             VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'at Twilio (needs credentials), or what we sent',
  PRIMARY KEY (tenant_id, conversation_id, message_id, position),
  CONSTRAINT fk_media_message FOREIGN KEY (tenant_id, conversation_id, message_id) REFERENCES message (tenant_id, conversation_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='References to attachments; the files are fetched by fcgi-cron.';

CREATE TABLE message_event (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  sid        VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id; an event may come before we know the message',
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'order of arrival: rows are appended, not scattered',
  status     VARCHAR(20)  CHARACTER SET ascii NOT NULL COMMENT 'the state it told of, verbatim',
  error_code INT UNSIGNED NULL COMMENT 'as told',
  error_text VARCHAR(500) NULL COMMENT 'as told',
  source     VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'webhook, callback, api (the answer to our POST), sync or test',
  detail     MEDIUMTEXT   NULL COMMENT 'JSON of the parameters that have no column',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'arrival',
  KEY ix_event_message (tenant_id, sid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Append-only ledger of everything Twilio told us about a message.';

CREATE TABLE outbox (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'part of the callback URL: links Twilio''s answer to the row before its SID is known',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'of the message',
  message_id      BIGINT UNSIGNED NOT NULL COMMENT 'the message it sends',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'queued, claimed, sent, failed, unknown, canceled, playing (TEST_MODE)',
  nonce           VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the form or the client: the same send twice is one send',
  messaging_service_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'sent through the service instead of the line',
  content_sid     VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'HX…: template',
  content_variables TEXT       NULL COMMENT 'JSON object of texts',
  attempts        TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'POSTs begun',
  looks           TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'times an unknown outcome was looked up',
  next_at         DATETIME(3)  NOT NULL COMMENT 'not before; for claimed: end of the lease',
  claim           CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  last_error      VARCHAR(255) NULL COMMENT 'why it waits or failed, for the log of the operator',
  callback_at     DATETIME(3)  NULL COMMENT 'last callback for it',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'queued',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_outbox_id (id),
  UNIQUE KEY uq_outbox_nonce (tenant_id, nonce),
  KEY ix_outbox_due (state, next_at),
  KEY ix_outbox_message (tenant_id, conversation_id, message_id),
  CONSTRAINT fk_outbox_message FOREIGN KEY (tenant_id, conversation_id, message_id) REFERENCES message (tenant_id, conversation_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What is to be sent: committed before Twilio is called.';

CREATE TABLE reply_job (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'of the message',
  message_id      BIGINT UNSIGNED NOT NULL COMMENT 'the inbound message to answer: the key, so that a replay asks once',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'due' COMMENT 'due, thinking (a model is asked), done',
  next_at         DATETIME(3)  NOT NULL COMMENT 'not before; for thinking: end of the lease',
  claim           CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  tries           TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  outcome         VARCHAR(40)  CHARACTER SET ascii NULL COMMENT 'what became of it: answered, superseded, human, loop, opt-out, …',
  created_at      DATETIME(3)  NOT NULL COMMENT 'arrival of the message',
  PRIMARY KEY (tenant_id, conversation_id, message_id),
  KEY ix_reply_job_due (state, next_at),
  CONSTRAINT fk_reply_job_message FOREIGN KEY (tenant_id, conversation_id, message_id) REFERENCES message (tenant_id, conversation_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Arrivals that are to be answered by rule or model: made by message_ingest, worked off by fcgi-cron.';

CREATE TABLE audit (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  user_id    INT UNSIGNED NULL COMMENT 'who; NULL: the command line or a job',
  actor      VARCHAR(190) NOT NULL COMMENT 'name at that time',
  action     VARCHAR(40)  CHARACTER SET ascii NOT NULL COMMENT 'what: "line.reply", "credentials.put"',
  target     VARCHAR(120) NOT NULL DEFAULT '' COMMENT 'on what, never a secret',
  detail     VARCHAR(500) NOT NULL DEFAULT '' COMMENT 'how: old and new value, secrets as their last four characters',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_audit_id (id),
  CONSTRAINT fk_audit_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who changed what; only ever added to.';

CREATE TABLE unrouted (
  tenant_id    INT UNSIGNED NOT NULL COMMENT 'whose account signed it',
  sid          VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id',
  to_address   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the number that is not one of our lines',
  from_address VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the sender',
  body         TEXT         NOT NULL COMMENT 'the text',
  detail       MEDIUMTEXT   NOT NULL COMMENT 'JSON of the parameters that have no column: routed later through the same door',
  created_at   DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'arrival',
  PRIMARY KEY (tenant_id, sid),
  KEY ix_unrouted_newest (tenant_id, created_at, sid),
  CONSTRAINT fk_unrouted_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Signed messages to a number that is not a line; nothing is thrown away.';

CREATE TABLE hook_rejection (
  minute      DATETIME     NOT NULL COMMENT 'when, to the minute',
  account_sid VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'as the request claimed; empty when it named none',
  tenant_id   INT UNSIGNED NULL COMMENT 'the tenant of that account, NULL when unknown',
  reason      VARCHAR(16)  CHARACTER SET ascii NOT NULL COMMENT 'missing, mismatch, account, unknown, sealed',
  url         VARCHAR(500) NOT NULL COMMENT 'the URL the signature was computed over, last one of that minute',
  count       INT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'requests refused',
  PRIMARY KEY (minute, account_sid, reason),
  KEY ix_rejection_tenant (tenant_id, minute)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Webhooks answered with 403, counted by the minute.';

CREATE TABLE message_total (
  tenant_id INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'owner',
  upto_id   BIGINT UNSIGNED NOT NULL COMMENT 'messages with ids up to here are counted; readers add the rows after it',
  inbound   BIGINT UNSIGNED NOT NULL COMMENT 'count',
  outbound  BIGINT UNSIGNED NOT NULL COMMENT 'count',
  updated_at DATETIME(3) NOT NULL COMMENT 'last refresh',
  CONSTRAINT fk_message_total_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Cached totals, refreshed every five minutes by fcgi-cron.';

CREATE TABLE handset (
  tenant_id    INT UNSIGNED NOT NULL COMMENT 'owner',
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  from_address VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the played customer',
  to_address   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'our line',
  body         TEXT         NOT NULL COMMENT 'what was typed on the handset',
  state        VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'queued' COMMENT 'queued, delivered or failed',
  result       VARCHAR(160) NOT NULL DEFAULT '' COMMENT 'what the webhook answered',
  created_at   DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'typed',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_handset_id (id),
  KEY ix_handset_state (state, id),
  CONSTRAINT fk_handset_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='TEST_MODE: messages typed on /phone, delivered by fcgi-cron as signed webhooks.';

CREATE TABLE job_slot (
  job        VARCHAR(40)  CHARACTER SET ascii NOT NULL COMMENT 'name in fcgi/jobs.def',
  slot       DATETIME     NOT NULL COMMENT 'the scheduled moment, UTC',
  host       VARCHAR(80)  NOT NULL COMMENT 'who took it',
  started_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when',
  ended_at   DATETIME(3)  NULL COMMENT 'when it was done',
  outcome    VARCHAR(160) NULL COMMENT 'one line',
  PRIMARY KEY (job, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The row is the permit: a slot runs once, whatever restarts and however many hosts there are.';

CREATE TABLE heartbeat (
  program VARCHAR(20)  CHARACTER SET ascii NOT NULL COMMENT 'cron or web',
  host    VARCHAR(80)  NOT NULL COMMENT 'where it runs',
  pid     INT UNSIGNED NOT NULL COMMENT 'its process',
  seen_at DATETIME(3)  NOT NULL COMMENT 'last sign of life',
  detail  VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'what it was doing',
  PRIMARY KEY (program, host)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Signs of life for the health page.';

DELIMITER //
CREATE FUNCTION time_id() RETURNS BIGINT UNSIGNED NOT DETERMINISTIC NO SQL
COMMENT 'an id for messages: milliseconds since 2020-01-01 UTC times 4096, plus 12 random bits'
  RETURN (CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS UNSIGNED) - 1577836800000) * 4096 + FLOOR(RAND() * 4096) //

CREATE PROCEDURE message_ingest(
  p_tenant INT UNSIGNED, p_to VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_from VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_phone VARCHAR(16) CHARACTER SET ascii,
  p_name VARCHAR(120) CHARACTER SET utf8mb4, p_channel VARCHAR(12) CHARACTER SET ascii,
  p_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin, p_body TEXT CHARACTER SET utf8mb4,
  p_preview VARCHAR(160) CHARACTER SET utf8mb4, p_segments TINYINT UNSIGNED, p_num_media TINYINT UNSIGNED,
  p_media TEXT CHARACTER SET utf8mb4, p_extra TEXT CHARACTER SET utf8mb4, p_detail MEDIUMTEXT CHARACTER SET utf8mb4)
MODIFIES SQL DATA
COMMENT 'An inbound message in one round trip: contact, conversation, message, media and event in one transaction; replays change nothing.'
BEGIN
  DECLARE v_line, v_conversation, v_contact, v_known_in, v_answer_after_s INT UNSIGNED DEFAULT NULL;
  DECLARE v_id, v_known BIGINT UNSIGNED DEFAULT NULL;
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_name VARCHAR(120) CHARACTER SET utf8mb4 DEFAULT NULL;
  DECLARE EXIT HANDLER FOR 1062
  BEGIN
    ROLLBACK;
    SELECT conversation_id, id INTO v_known_in, v_known FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
    IF v_known IS NULL THEN RESIGNAL; END IF; -- another key than the SID
    SELECT 'duplicate' AS outcome, v_known_in AS conversation_id, v_known AS message_id;
  END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  -- A replay is seen here, without a transaction; only one that runs at the same time gets as far as the unique key.
  SELECT l.id, l.answer_after_s, c.id, c.name, m.conversation_id, m.id INTO v_line, v_answer_after_s, v_conversation, v_name, v_known_in, v_known
    FROM line l LEFT JOIN conversation c ON c.tenant_id = l.tenant_id AND c.line_id = l.id AND c.peer = p_from
      LEFT JOIN message m ON m.tenant_id = l.tenant_id AND m.sid = p_sid
    WHERE l.tenant_id = p_tenant AND l.address = p_to;
  IF v_line IS NULL THEN -- unless it was routed to another line by hand before
    SELECT conversation_id, id INTO v_known_in, v_known FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
  END IF;
  IF v_line IS NULL AND v_known IS NULL THEN
    INSERT INTO unrouted (tenant_id, sid, to_address, from_address, body, detail) VALUES (p_tenant, p_sid, p_to, p_from, p_body, p_detail)
      ON DUPLICATE KEY UPDATE sid = sid;
    SELECT 'unrouted' AS outcome, 0 AS conversation_id, 0 AS message_id;
  ELSEIF v_known IS NOT NULL THEN
    SELECT 'duplicate' AS outcome, v_known_in AS conversation_id, v_known AS message_id;
  ELSE
    START TRANSACTION;
    IF v_conversation IS NULL THEN
      INSERT INTO contact (tenant_id, address_key, phone, name) VALUES (p_tenant, p_key, p_phone, p_name)
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), name = IF(name = '', VALUES(name), name);
      SET v_contact = LAST_INSERT_ID();
      INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_at, changed_at)
        SELECT p_tenant, v_line, id, p_from, p_channel, name, v_now, v_now FROM contact WHERE tenant_id = p_tenant AND id = v_contact
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(conversation.id);
      SET v_conversation = LAST_INSERT_ID();
    ELSEIF v_name = '' AND p_name <> '' THEN -- we wrote first; now the customer's profile tells who it is
      UPDATE contact SET name = p_name
        WHERE tenant_id = p_tenant AND name = '' AND id = (SELECT contact_id FROM conversation WHERE tenant_id = p_tenant AND id = v_conversation);
    END IF;
    -- The conversation first: its row lock puts messages of one conversation in order (inserting the message first would
    -- share the parent row, and two of them would then deadlock here). The id is made under the lock, so ids of a
    -- conversation rise strictly, in the order in which it shows them.
    UPDATE conversation SET last_message_id = LAST_INSERT_ID(GREATEST(
          (CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS UNSIGNED) - 1577836800000) * 4096 + FLOOR(RAND() * 4096), last_message_id + 1)),
        last_at = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (last_message_id DIV 4096) * 1000 MICROSECOND,
        last_direction = 0, last_status = 'received', preview = p_preview, name = IF(name = '', p_name, name),
        message_count = message_count + 1, inbound_count = inbound_count + 1, last_inbound_at = last_at, changed_at = last_at
      WHERE tenant_id = p_tenant AND id = v_conversation;
    SET v_id = LAST_INSERT_ID();
    SET v_now = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (v_id DIV 4096) * 1000 MICROSECOND;
    INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, sid, segments, num_media, status_at, created_at, extra, body)
      VALUES (p_tenant, v_conversation, v_id, 0, 'received', 60, p_sid, p_segments, p_num_media, v_now, v_now, p_extra, p_body);
    INSERT INTO message_event (tenant_id, sid, status, source, detail, created_at)
      VALUES (p_tenant, p_sid, 'received', 'webhook', p_detail, v_now);
    IF p_media IS NOT NULL THEN
      INSERT INTO message_media (tenant_id, conversation_id, message_id, position, content_type, url)
        SELECT p_tenant, v_conversation, v_id, j.position, COALESCE(j.content_type, ''), j.url
        FROM JSON_TABLE(p_media, '$[*]' COLUMNS (position INT PATH '$.position', content_type VARCHAR(127) PATH '$.type', url VARCHAR(2000) PATH '$.url')) j;
    END IF;
    IF v_answer_after_s IS NOT NULL THEN
      INSERT INTO reply_job (tenant_id, conversation_id, message_id, next_at, created_at)
        VALUES (p_tenant, v_conversation, v_id, v_now + INTERVAL v_answer_after_s SECOND, v_now);
    END IF;
    COMMIT;
    SELECT 'stored' AS outcome, v_conversation AS conversation_id, v_id AS message_id;
  END IF;
END //
DELIMITER ;
