-- 0012 lighter: the inbound message moves one index of its conversation instead of two.
--
-- A new message is a change by its time alone: what live views follow is the later of last_at and changed_at, each with its
-- own index, and changed_at is left for what is no new message (states, marks, removals).
ALTER TABLE conversation
  MODIFY changed_at DATETIME(3) NOT NULL COMMENT 'any change that a list or chat shows but a new message, whose time is last_at; live views follow the later of the two';

DROP PROCEDURE message_ingest;
DELIMITER //
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
    -- Every key of the table begins with the tenant: without the hint the server looks into each of them first.
    UPDATE conversation FORCE INDEX (PRIMARY) SET last_message_id = LAST_INSERT_ID(GREATEST(
          (CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS UNSIGNED) - 1577836800000) * 4096 + FLOOR(RAND() * 4096), last_message_id + 1)),
        last_at = TIMESTAMP'2020-01-01 00:00:00' + INTERVAL (last_message_id DIV 4096) * 1000 MICROSECOND,
        last_direction = 0, last_status = 'received', preview = p_preview, name = IF(name = '', p_name, name),
        message_count = message_count + 1, inbound_count = inbound_count + 1, last_inbound_at = last_at
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
