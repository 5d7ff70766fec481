-- 0010 sync: Twilio's list of messages walked day by day, and the same door for what it shows that we never saw.

CREATE TABLE sync_state (
  tenant_id    INT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'one walk a tenant at a time',
  state        VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'idle' COMMENT 'idle, running, failed',
  kind         VARCHAR(12)  CHARACTER SET ascii NOT NULL DEFAULT 'tail' COMMENT 'import (asked for by a person) or tail (the regular look back)',
  first_day    DATE         NULL COMMENT 'where the walk began: it goes back in time, UTC days as Twilio counts them',
  day          DATE         NULL COMMENT 'where it is: with next_uri all it needs to go on after a stop',
  last_day     DATE         NULL COMMENT 'where it ends, this day included',
  next_uri     VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'Twilio''s next page within the day; NULL: the day''s first',
  claim        CHAR(16)     CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who asks for the page at this moment',
  next_at      DATETIME(3)  NOT NULL DEFAULT UTC_TIMESTAMP(3) COMMENT 'not before: pace, back-off, and the end of a claim',
  tries        SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'failures in a row',
  seen         INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'messages on the pages read',
  added        INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of them, new to us',
  updated      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of them, whose state rose',
  skipped      INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of them, not ours to add: other numbers, removed here, still on their way',
  error        VARCHAR(255) NULL COMMENT 'the last failure, in Twilio''s words',
  author       VARCHAR(190) NULL COMMENT 'who asked for it; NULL: the regular look',
  started_at   DATETIME(3)  NULL COMMENT 'begin of this walk',
  completed_at DATETIME(3)  NULL COMMENT 'its end',
  high_at      DATETIME(3)  NULL COMMENT 'begin of the last walk that reached its end: everything before it has been seen',
  KEY ix_sync_due (state, next_at),
  CONSTRAINT fk_sync_state_tenant FOREIGN KEY (tenant_id) REFERENCES tenant (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='How far the walk through Twilio''s list of messages has come.';

DELIMITER //
CREATE PROCEDURE message_import(
  p_tenant INT UNSIGNED, p_line VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_peer VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_phone VARCHAR(16) CHARACTER SET ascii,
  p_channel VARCHAR(12) CHARACTER SET ascii, p_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin,
  p_direction TINYINT UNSIGNED, p_status VARCHAR(20) CHARACTER SET ascii, p_rank TINYINT UNSIGNED,
  p_body TEXT CHARACTER SET utf8mb4, p_preview VARCHAR(160) CHARACTER SET utf8mb4, p_segments TINYINT UNSIGNED,
  p_num_media TINYINT UNSIGNED, p_error_code INT UNSIGNED, p_error_text VARCHAR(500) CHARACTER SET utf8mb4, p_at DATETIME(3))
MODIFIES SQL DATA
COMMENT 'A message that only Twilio''s list told us of, at its own time: like message_ingest, but nothing answers it.'
BEGIN
  DECLARE v_line, v_conversation, v_contact INT UNSIGNED DEFAULT NULL;
  DECLARE v_id, v_last, v_known BIGINT UNSIGNED DEFAULT NULL;
  DECLARE v_fresh TINYINT DEFAULT 0;
  DECLARE EXIT HANDLER FOR 1062
  BEGIN
    ROLLBACK;
    SELECT id INTO v_known FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
    IF v_known IS NULL THEN RESIGNAL; END IF; -- another key than the SID
    SELECT 'known' AS outcome, 0 AS conversation_id, v_known AS message_id;
  END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  SELECT l.id, c.id INTO v_line, v_conversation
    FROM line l LEFT JOIN conversation c ON c.tenant_id = l.tenant_id AND c.line_id = l.id AND c.peer = p_peer
    WHERE l.tenant_id = p_tenant AND l.address = p_line;
  IF v_line IS NULL THEN
    SELECT 'foreign' AS outcome, 0 AS conversation_id, 0 AS message_id;
  ELSE
    START TRANSACTION;
    IF v_conversation IS NULL THEN
      INSERT INTO contact (tenant_id, address_key, phone) VALUES (p_tenant, p_key, p_phone) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
      SET v_contact = LAST_INSERT_ID();
      INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_at, changed_at)
        SELECT p_tenant, v_line, id, p_peer, p_channel, name, p_at, p_at FROM contact WHERE tenant_id = p_tenant AND id = v_contact
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(conversation.id);
      SET v_conversation = LAST_INSERT_ID();
    END IF;
    SELECT last_message_id, p_direction = 0 AND p_at > UTC_TIMESTAMP(3) - INTERVAL 48 HOUR INTO v_last, v_fresh
      FROM conversation WHERE tenant_id = p_tenant AND id = v_conversation FOR UPDATE;
    -- Its place is that of its time, which Twilio tells to the second: behind what is there of the same second (pages are
    -- read from their oldest message on). The conversation's lock keeps the place free until it is taken.
    SET v_id = GREATEST(CAST(UNIX_TIMESTAMP(p_at) * 1000 AS SIGNED) - 1577836800000, 0) * 4096 + FLOOR(RAND() * 4096);
    SELECT GREATEST(v_id, COALESCE(MAX(id) + 1, 0)) INTO v_id FROM message
      WHERE tenant_id = p_tenant AND conversation_id = v_conversation AND id >= v_id - 4096 AND id < v_id + 999 * 4096;
    -- Only what came in the last two days can be news to anybody: older messages do not count as unread.
    UPDATE conversation SET message_count = message_count + 1, inbound_count = inbound_count + v_fresh,
        last_inbound_at = IF(p_direction = 0, GREATEST(COALESCE(last_inbound_at, p_at), p_at), last_inbound_at),
        last_at = IF(v_id > v_last, p_at, last_at), last_direction = IF(v_id > v_last, p_direction, last_direction),
        last_status = IF(v_id > v_last, p_status, last_status), preview = IF(v_id > v_last, p_preview, preview),
        last_message_id = GREATEST(v_last, v_id), changed_at = UTC_TIMESTAMP(3)
      WHERE tenant_id = p_tenant AND id = v_conversation;
    INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, author_kind, author, sid, segments, num_media, error_code, error_text,
        status_at, created_at, body)
      VALUES (p_tenant, v_conversation, v_id, p_direction, p_status, p_rank, IF(p_direction = 0, 0, 2), IF(p_direction = 0, NULL, 'Twilio'), p_sid, p_segments,
        p_num_media, NULLIF(p_error_code, 0), p_error_text, p_at, p_at, p_body);
    INSERT INTO message_event (tenant_id, sid, status, error_code, error_text, source)
      VALUES (p_tenant, p_sid, p_status, NULLIF(p_error_code, 0), p_error_text, 'sync');
    UPDATE message_total SET inbound = inbound + (p_direction = 0), outbound = outbound + (p_direction = 1) WHERE tenant_id = p_tenant AND upto_id >= v_id;
    COMMIT;
    SELECT 'added' AS outcome, v_conversation AS conversation_id, v_id AS message_id;
  END IF;
END //
DELIMITER ;
