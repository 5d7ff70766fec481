-- Removal: messages redacted and deleted at Twilio and here, retention, erased persons.

CREATE TABLE removal_request (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'names the report',
  kind       VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'message, conversation, person or retention',
  action     VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'redact: the text and the files go, the message stays; delete: all of it goes',
  state      VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'open' COMMENT 'open: something is still to be found or removed; done',
  subject    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'person: the number, until everything found is settled; then NULL, so that the report names nobody',
  user_id    INT UNSIGNED NULL COMMENT 'who asked; NULL: the retention job',
  actor      VARCHAR(190) NOT NULL COMMENT 'name at that time',
  total      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages found so far',
  done       INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of them removed',
  failed     INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of them refused by Twilio for good: kept here, too',
  other      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'person: other rows here that went (contact, unrouted messages, drafts …)',
  next_at    DATETIME(3)  NOT NULL COMMENT 'when it is looked at next, whether it is finished',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'asked',
  ended_at   DATETIME(3)  NULL COMMENT 'finished',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_removal_request_id (id),
  KEY ix_removal_request_due (state, next_at),
  CONSTRAINT fk_removal_request_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What was asked to be removed, by whom, and how far it is: the report. Holds no personal data when it is done.';

CREATE TABLE removal_source (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  request_id      INT UNSIGNED NOT NULL COMMENT 'of the request',
  id              INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  kind            VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'conversation (our messages of one), age (all our messages up to an id), to or from (Twilio''s list for an address)',
  conversation_id INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'conversation: which',
  direction       TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'age: 0 inbound, 1 outbound',
  address         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'to, from: whose; NULL when it has been walked',
  cursor_id       BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'ours: messages up to here are in the queue',
  upto_id         BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'ours: the last one that is meant',
  next_uri        VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'Twilio''s: the next page; NULL: the first',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'waiting' COMMENT 'waiting, claimed, done, failed',
  tries           SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'failures in a row',
  next_at         DATETIME(3)  NOT NULL COMMENT 'not before; for claimed: end of the lease',
  claim           CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  PRIMARY KEY (tenant_id, request_id, id),
  UNIQUE KEY uq_removal_source_id (id),
  KEY ix_removal_source_due (state, next_at),
  CONSTRAINT fk_removal_source_request FOREIGN KEY (tenant_id, request_id) REFERENCES removal_request (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Where the messages of a request are found, walked in bounded chunks.';

CREATE TABLE removal (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  request_id      INT UNSIGNED NOT NULL COMMENT 'of the request',
  conversation_id INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of the message; 0: Twilio''s alone, we never had it',
  message_id      BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'the message; 0 likewise. No foreign key: the row outlives it',
  sid             VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'Twilio''s id when it was found; empty: had none',
  action          VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'redact or delete',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'waiting' COMMENT 'waiting, claimed, done, failed',
  tries           SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'times it was begun',
  next_at         DATETIME(3)  NOT NULL COMMENT 'not before; for claimed: end of the lease',
  claim           CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who holds the lease',
  error_code      INT UNSIGNED NULL COMMENT 'Twilio''s, of the last try',
  http_status     SMALLINT UNSIGNED NULL COMMENT 'of the last answer; 0: none came. Twilio''s words are not kept: they may name customers',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'queued: it is tried for 14 days',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_removal_id (id),
  UNIQUE KEY uq_removal_what (tenant_id, request_id, conversation_id, message_id, sid),
  KEY ix_removal_due (state, next_at),
  KEY ix_removal_report (tenant_id, request_id, state, id),
  KEY ix_removal_sid (tenant_id, request_id, sid),
  CONSTRAINT fk_removal_request FOREIGN KEY (tenant_id, request_id) REFERENCES removal_request (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The queue: one row a message. First Twilio, then here; rows that are done go with the end of their request.';

CREATE TABLE removed_message (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  sid        VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Twilio''s id: all that is left',
  action     VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'redact or delete',
  removed_at DATETIME(3)  NOT NULL COMMENT 'when; rows older than Twilio keeps messages (400 days) go',
  PRIMARY KEY (tenant_id, sid),
  KEY ix_removed_message_age (removed_at),
  CONSTRAINT fk_removed_message_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='What an import must not bring back: Twilio''s lists may name a deleted message for two weeks.';

CREATE TABLE retention (
  tenant_id  INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'owner; no row: messages are kept',
  action     VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'keep, redact or delete',
  days       SMALLINT UNSIGNED NOT NULL COMMENT 'after so many days, at Twilio and here',
  changed_by VARCHAR(190) NOT NULL COMMENT 'name at that time',
  changed_at DATETIME(3)  NOT NULL COMMENT 'when',
  CONSTRAINT fk_retention_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How long a tenant keeps messages.';
