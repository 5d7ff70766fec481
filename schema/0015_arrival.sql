-- 0015 arrival: an inbound message asks for nothing that it can be told.
--
-- A burst of messages goes to a few lines: the worker knows the line from the one before and gives it. Then the conversation
-- is found by the UPDATE that it needs anyway, and a replay by the unique key (workers ask for those they have seen). What
-- was stored that way is not reported: most callers have no use for the ids, and no rows are an answer less on the wire.
DROP PROCEDURE message_ingest;
DELIMITER //
CREATE PROCEDURE message_ingest(
  p_tenant INT UNSIGNED, p_line INT UNSIGNED, p_answer_after_s SMALLINT,
  p_to VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_from VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  p_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, p_phone VARCHAR(16) CHARACTER SET ascii,
  p_name VARCHAR(120) CHARACTER SET utf8mb4, p_channel VARCHAR(12) CHARACTER SET ascii,
  p_sid VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin, p_body TEXT CHARACTER SET utf8mb4,
  p_preview VARCHAR(160) CHARACTER SET utf8mb4, p_segments TINYINT UNSIGNED, p_num_media TINYINT UNSIGNED,
  p_media TEXT CHARACTER SET utf8mb4, p_extra TEXT CHARACTER SET utf8mb4, p_detail MEDIUMTEXT CHARACTER SET utf8mb4)
MODIFIES SQL DATA
COMMENT 'An inbound message in one round trip: contact, conversation, message, media and event in one transaction; replays change nothing. p_name: NULL when none was told. p_line, when the caller knows it: then nothing is returned of a message that was stored.'
ingest: BEGIN
  DECLARE v_conversation, v_contact INT UNSIGNED DEFAULT NULL;
  DECLARE v_id BIGINT UNSIGNED DEFAULT NULL;
  DECLARE v_now DATETIME(3) DEFAULT NULL;
  DECLARE v_told, v_open BOOL DEFAULT FALSE;
  DECLARE EXIT HANDLER FOR 1062
  BEGIN
    ROLLBACK;
    SET v_id = NULL;
    SELECT conversation_id, id INTO v_conversation, v_id FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
    IF v_id IS NULL THEN RESIGNAL; END IF; -- another key than the SID
    SELECT 'duplicate' AS outcome, v_conversation AS conversation_id, v_id AS message_id, p_line AS line_id, COALESCE(p_answer_after_s, -1) AS answer_after_s;
  END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  IF p_line IS NULL THEN
    SET v_told = TRUE;
    SELECT id, answer_after_s INTO p_line, p_answer_after_s FROM line WHERE tenant_id = p_tenant AND address = p_to;
    IF p_line IS NULL THEN
      SELECT conversation_id, id INTO v_conversation, v_id FROM message WHERE tenant_id = p_tenant AND sid = p_sid;
      IF v_id IS NULL THEN
        INSERT INTO unrouted (tenant_id, sid, to_address, from_address, body, detail) VALUES (p_tenant, p_sid, p_to, p_from, p_body, p_detail)
          ON DUPLICATE KEY UPDATE sid = sid;
        SELECT 'unrouted' AS outcome, 0 AS conversation_id, 0 AS message_id, 0 AS line_id, -1 AS answer_after_s;
      ELSE -- routed to another line by hand before
        SELECT 'duplicate' AS outcome, v_conversation AS conversation_id, v_id AS message_id, 0 AS line_id, -1 AS answer_after_s;
      END IF;
      LEAVE ingest;
    END IF;
  END IF;

  START TRANSACTION;
  -- The conversation first: its row lock puts messages of one conversation in order (inserting the message first would
  -- share the parent row, and two of them would then deadlock here). The id is made under the lock, so ids of a
  -- conversation rise strictly, in the order in which it shows them. An UPDATE returns nothing: the two ids leave it by
  -- LAST_INSERT_ID() and a variable of the session.
  -- Every key of the table begins with the tenant: without the hint the server looks into each of them first.
  arrival: LOOP
    UPDATE conversation FORCE INDEX (uq_conversation_peer) SET last_message_id = LAST_INSERT_ID(GREATEST(
          (TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'2020-01-01 00:00:00', SYSDATE(3)) DIV 1000) * 4096 + FLOOR(RAND() * 4096), last_message_id + 1)),
        last_at = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (last_message_id DIV 4096) * 1000 MICROSECOND,
        last_direction = 0 * (@conversation := id), last_status = 'received', preview = p_preview,
        message_count = message_count + 1, inbound_count = inbound_count + 1, last_inbound_at = last_at
      WHERE tenant_id = p_tenant AND line_id = p_line AND peer = p_from AND (p_name IS NULL OR v_open OR name <> '');
    IF ROW_COUNT() > 0 THEN
      LEAVE arrival;
    ELSEIF v_open THEN -- erased at this moment: as after a deadlock, all of it once more
      SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'conversation gone';
    END IF;

    -- There is no conversation yet, or it has no name yet and this message brings one: seldom, and then once more.
    SET v_open = TRUE;
    SELECT id, contact_id INTO v_conversation, v_contact FROM conversation WHERE tenant_id = p_tenant AND line_id = p_line AND peer = p_from;
    IF v_conversation IS NULL THEN
      INSERT INTO contact (tenant_id, address_key, phone, name) VALUES (p_tenant, p_key, p_phone, COALESCE(p_name, ''))
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), name = IF(name = '', VALUES(name), name);
      SET v_contact = LAST_INSERT_ID();
      INSERT INTO conversation (tenant_id, line_id, contact_id, peer, channel, name, last_at, changed_at)
        SELECT p_tenant, p_line, id, p_from, p_channel, name, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM contact WHERE tenant_id = p_tenant AND id = v_contact
        ON DUPLICATE KEY UPDATE id = conversation.id;
    ELSE -- we wrote first; now the customer's profile tells who it is
      UPDATE contact SET name = p_name WHERE tenant_id = p_tenant AND name = '' AND id = v_contact;
      UPDATE conversation SET name = p_name WHERE tenant_id = p_tenant AND id = v_conversation;
    END IF;
  END LOOP;
  SET v_now = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (LAST_INSERT_ID() DIV 4096) * 1000 MICROSECOND;
  INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, sid, segments, num_media, status_at, created_at, extra, body)
    VALUES (p_tenant, @conversation, LAST_INSERT_ID(), 0, 'received', 60, p_sid, p_segments, p_num_media, v_now, v_now, p_extra, p_body);
  IF v_told OR p_media IS NOT NULL OR p_answer_after_s IS NOT NULL THEN
    SET v_id = LAST_INSERT_ID(); -- the ledger's row makes another
    IF p_media IS NOT NULL THEN
      INSERT INTO message_media (tenant_id, conversation_id, message_id, position, content_type, url)
        SELECT p_tenant, @conversation, v_id, j.position, COALESCE(j.content_type, ''), j.url
        FROM JSON_TABLE(p_media, '$[*]' COLUMNS (position INT PATH '$.position', content_type VARCHAR(127) PATH '$.type', url VARCHAR(2000) PATH '$.url')) j;
    END IF;
    IF p_answer_after_s IS NOT NULL THEN
      INSERT INTO reply_job (tenant_id, conversation_id, message_id, next_at, created_at)
        VALUES (p_tenant, @conversation, v_id, v_now + INTERVAL p_answer_after_s SECOND, v_now);
    END IF;
  END IF;
  INSERT INTO message_event (tenant_id, sid, status, source, detail, created_at)
    VALUES (p_tenant, p_sid, 'received', 'webhook', p_detail, v_now);
  COMMIT;
  IF v_told THEN
    SELECT 'stored' AS outcome, @conversation AS conversation_id, v_id AS message_id, p_line AS line_id, COALESCE(p_answer_after_s, -1) AS answer_after_s;
  END IF;
END //
DELIMITER ;
