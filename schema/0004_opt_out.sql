-- 0004 opt-out: who does not want to be written to, how we know, and who decided what.

CREATE TABLE opt_out (
  tenant_id   INT UNSIGNED NOT NULL COMMENT 'owner',
  key_hash    BINARY(32)   NOT NULL COMMENT 'keyed hash of the address key, bound to the tenant: outlives the address when a person is erased',
  channel     VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'sms, whatsapp, …: where it was said; all: everywhere',
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'names it in forms and addresses; unique in the installation',
  state       VARCHAR(4)   CHARACTER SET ascii NOT NULL COMMENT 'out: nothing is sent; in: lifted again',
  source      VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'of the present state: keyword, provider, admin, import, api, erased',
  address_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'as in contact; NULL after the person was erased',
  review      TINYINT(1)   NOT NULL DEFAULT 0 COMMENT '1: the provider said so, and nobody has looked at it yet',
  message_sid VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the message that caused it',
  reason      VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'the word, the error code, or what a person wrote',
  user_id     INT UNSIGNED NULL COMMENT 'who; NULL: the customer, the provider or a job',
  actor       VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  changed_at  DATETIME(3)  NOT NULL COMMENT 'since when',
  PRIMARY KEY (tenant_id, key_hash, channel),
  UNIQUE KEY uq_opt_out_id (id),
  KEY ix_opt_out_newest (tenant_id, state, changed_at, id),
  KEY ix_opt_out_review (tenant_id, review, changed_at),
  KEY ix_opt_out_address (tenant_id, address_key),
  CONSTRAINT fk_opt_out_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='The present state of each person on each channel; asked at the moment of every send.';

CREATE TABLE opt_out_event (
  tenant_id   INT UNSIGNED NOT NULL COMMENT 'owner',
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'order',
  key_hash    BINARY(32)   NOT NULL COMMENT 'as in opt_out; no address here, so that erasing a person leaves the ledger as it is',
  channel     VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'as in opt_out',
  kind        VARCHAR(8)   CHARACTER SET ascii NOT NULL COMMENT 'out, in, kept: asked for, but the state stayed; confirm: a person looked at it and let it stand',
  source      VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'as in opt_out',
  cause       VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of what came from outside: the same cause counts once, whatever is replayed',
  message_sid VARCHAR(34)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the message that caused it',
  reason      VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'the word, the error code, or what a person wrote',
  user_id     INT UNSIGNED NULL COMMENT 'who; NULL: the customer, the provider or a job',
  actor       VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  created_at  DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_opt_out_event_id (id),
  UNIQUE KEY uq_opt_out_event_cause (tenant_id, cause),
  KEY ix_opt_out_event_person (tenant_id, key_hash, id),
  CONSTRAINT fk_opt_out_event_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Everything that was asked, done and decided about opt-outs; only ever added to.';

CREATE TABLE opt_out_word (
  tenant_id  INT UNSIGNED NOT NULL COMMENT 'owner',
  word       VARCHAR(60)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'folded as messages are: lower case, no accents, single spaces',
  hash       INT UNSIGNED NOT NULL COMMENT 'of the folded word: what webhooks keep, to ask for the row only when it may match',
  meaning    VARCHAR(6)   CHARACTER SET ascii NOT NULL COMMENT 'stop, start, help; none: a word of the built-in table that means nothing here',
  spelled    VARCHAR(60)  NOT NULL COMMENT 'as it was typed',
  created_at DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when it was added',
  PRIMARY KEY (tenant_id, word),
  CONSTRAINT fk_opt_out_word_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='A tenant''s own words beside the built-in table of fcgi/services/opt_out_words.c.';

CREATE TABLE opt_out_doubt (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  conversation_id INT UNSIGNED NOT NULL COMMENT 'of the message',
  message_id      BIGINT UNSIGNED NOT NULL COMMENT 'what the customer wrote: the key, so that a replay asks once',
  state           VARCHAR(4)   CHARACTER SET ascii NOT NULL DEFAULT 'open' COMMENT 'open, yes (opted out), no',
  created_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'arrival',
  decided_at      DATETIME(3)  NULL COMMENT 'when',
  user_id         INT UNSIGNED NULL COMMENT 'who decided',
  actor           VARCHAR(190) NOT NULL DEFAULT '' COMMENT 'name at that time',
  PRIMARY KEY (tenant_id, conversation_id, message_id),
  KEY ix_opt_out_doubt_open (tenant_id, state, created_at),
  CONSTRAINT fk_opt_out_doubt_message FOREIGN KEY (tenant_id, conversation_id, message_id) REFERENCES message (tenant_id, conversation_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Messages that may be a request to stop: a human decides.';
