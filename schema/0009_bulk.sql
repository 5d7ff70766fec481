-- 0009 bulk: one text to many numbers. A batch is frozen when it is made; every recipient is a row with a fate of its own,
-- so that one that fails stops nobody else, and a stop in the middle loses and repeats nothing.

CREATE TABLE bulk_batch (
  tenant_id    INT UNSIGNED NOT NULL COMMENT 'owner',
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'unique in the installation',
  line_id      INT UNSIGNED NOT NULL COMMENT 'the sender',
  messaging_service_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'sent through the service instead of the line',
  nonce        VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the form or the client: the same batch twice is one batch',
  body         TEXT         NOT NULL COMMENT 'the text',
  state        VARCHAR(24)  CHARACTER SET ascii NOT NULL COMMENT 'pending, processing, paused, canceled, completed, completed_with_errors, failed',
  error        VARCHAR(255) NULL COMMENT 'why it failed as a whole',
  author_id    INT UNSIGNED NULL COMMENT 'who made it; NULL: the command line',
  author       VARCHAR(190) NULL COMMENT 'that user''s name then',
  scheduled_at DATETIME(3)  NULL COMMENT 'not before; NULL: at once',
  started_at   DATETIME(3)  NULL COMMENT 'first recipient begun',
  completed_at DATETIME(3)  NULL COMMENT 'last recipient settled',
  created_at   DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'when it was made',
  PRIMARY KEY (tenant_id, id),
  UNIQUE KEY uq_bulk_batch_id (id),
  UNIQUE KEY uq_bulk_batch_nonce (tenant_id, nonce),
  KEY ix_bulk_batch_state (state, id),
  CONSTRAINT fk_bulk_batch_line FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='One text to many numbers.';

CREATE TABLE bulk_recipient (
  tenant_id       INT UNSIGNED NOT NULL COMMENT 'owner',
  batch_id        INT UNSIGNED NOT NULL COMMENT 'its batch',
  id              INT UNSIGNED NOT NULL COMMENT 'place in the list, from 1: the order of sending',
  number_raw      VARCHAR(255) NOT NULL COMMENT 'as it was given',
  address         VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'where it is sent, E.164 or with channel prefix; NULL when it is no number',
  state           VARCHAR(12)  CHARACTER SET ascii NOT NULL COMMENT 'pending, queued (in the outbox), sent, failed, canceled, invalid, duplicate',
  attempt         TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'times it was put into the outbox: a retry is a new send',
  conversation_id INT UNSIGNED NULL COMMENT 'of the newest message to it',
  message_id      BIGINT UNSIGNED NULL COMMENT 'the newest message to it',
  error           VARCHAR(500) NULL COMMENT 'why not, when there is no message that says it',
  settled_at      DATETIME(3)  NULL COMMENT 'when sent or failed was known',
  PRIMARY KEY (tenant_id, batch_id, id),
  KEY ix_bulk_recipient_state (tenant_id, batch_id, state, id),
  CONSTRAINT fk_bulk_recipient_batch FOREIGN KEY (tenant_id, batch_id) REFERENCES bulk_batch (tenant_id, id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Each number of a batch and what became of it.';

ALTER TABLE outbox ADD COLUMN batch_id INT UNSIGNED NULL COMMENT 'the batch it belongs to: the gate holds it while that is paused';
