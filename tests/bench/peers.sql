-- The harness's seed (tab separated files in the current folder) into Centrala's tables; run as owner with
-- --local-infile=1. Staging tables have the files' columns; ids of messages become Centrala's: time in the upper bits.
SET NAMES utf8mb4;
SET SESSION unique_checks=0, foreign_key_checks=0, sql_log_bin=0;
DROP TABLE IF EXISTS stage_conversation, stage_message, stage_contact;
CREATE TABLE stage_contact (id INT PRIMARY KEY, tenant INT, e164 VARCHAR(16), name VARCHAR(80), created_at DATETIME) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE stage_conversation (id INT PRIMARY KEY, tenant INT, contact INT, last_at DATETIME, last_id BIGINT, unread INT) ENGINE=InnoDB;
CREATE TABLE stage_message (id BIGINT PRIMARY KEY, tenant INT, conversation INT, direction TINYINT, status VARCHAR(12), sid CHAR(34), body VARCHAR(1600), created_at DATETIME) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
LOAD DATA LOCAL INFILE 'contacts.tsv' INTO TABLE stage_contact CHARACTER SET utf8mb4;
LOAD DATA LOCAL INFILE 'conversations.tsv' INTO TABLE stage_conversation;
LOAD DATA LOCAL INFILE 'messages.tsv' INTO TABLE stage_message CHARACTER SET utf8mb4;

SET @tenant = (SELECT id FROM tenant WHERE name='Bench'), @line = (SELECT id FROM line WHERE address='+15005550006');
INSERT INTO contact (tenant_id, id, address_key, phone, name, created_at) SELECT @tenant, id, e164, e164, name, created_at FROM stage_contact;
INSERT INTO conversation (tenant_id, id, line_id, contact_id, peer, channel, name, last_message_id, last_at, last_direction, last_status, preview,
    message_count, inbound_count, last_inbound_at, changed_at, created_at, beside_at) -- nothing stands beside them, as fcgi-cron has found
  SELECT @tenant, c.id, @line, c.contact, k.e164, 'sms', k.name, (UNIX_TIMESTAMP(m.created_at) * 1000 - 1577836800000) * 4096 + m.id % 4096, c.last_at,
    m.direction, m.status, LEFT(m.body, 80), n.both_ways, n.inbound, n.last_inbound, c.last_at, k.created_at, NULL
  FROM stage_conversation c JOIN stage_contact k ON k.id = c.contact JOIN stage_message m ON m.id = c.last_id
  JOIN (SELECT conversation, COUNT(*) both_ways, SUM(direction = 0) inbound, MAX(IF(direction = 0, created_at, NULL)) last_inbound FROM stage_message GROUP BY conversation) n
    ON n.conversation = c.id;
INSERT INTO message (tenant_id, conversation_id, id, direction, status, rank, sid, status_at, created_at, body)
  SELECT @tenant, conversation, (UNIX_TIMESTAMP(created_at) * 1000 - 1577836800000) * 4096 + id % 4096, direction, status, 60, sid, created_at, created_at, body
  FROM stage_message ORDER BY conversation, id;
-- Unread as the harness has it, for the user that signs in.
SET @user = (SELECT MIN(id) FROM user WHERE tenant_id = @tenant);
UPDATE conversation v JOIN stage_conversation c ON c.id = v.id
  SET v.seen_by = CONCAT('{"', @user, '": ', GREATEST(0, CAST(v.inbound_count AS SIGNED) - c.unread), '}') WHERE v.tenant_id = @tenant;
DROP TABLE stage_conversation, stage_message, stage_contact;
ANALYZE TABLE contact, conversation, message;
